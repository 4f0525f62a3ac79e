/**
 * What came, and what is to be answered, over HTTP.
 *
 * - `GET /pushes?user=&token=` lists attempts, refused ones too; the header `forgotten` says how
 *   many went before them because the list was full. `DELETE /pushes` forgets them.
 * - `POST /answers {"platform","token","status","reason"?,"times"?,"retryAfterS"?,"timestamp"?}`
 *   plans what a token is answered; status 200 takes it back.
 *
 * Invariant: a request that it does not understand changes nothing.
 *
 * @module
 */

import type { PlannedAnswer, PushRecord } from "./record.ts";

export function controlEndpoint(record: PushRecord): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "GET /pushes":
        return Response.json(
          record.list({ user: searchParams.get("user"), token: searchParams.get("token") }),
          { headers: { forgotten: String(record.forgotten) } },
        );
      case "DELETE /pushes":
        record.clear();
        return Response.json({});
      case "POST /answers": {
        const answer = readAnswer(await request.text());
        if (typeof answer === "string") return refuse(400, answer);
        record.plan(answer);
        return Response.json({});
      }
    }
    return refuse(404, "Cannot find that: there are /pushes and /answers");
  };
}

function readAnswer(text: string): PlannedAnswer | string {
  let value: Partial<PlannedAnswer> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return "Cannot plan an answer: the body is not JSON";
  }
  if (value?.platform !== "fcm" && value?.platform !== "apns") {
    return 'Cannot plan an answer: platform must be "fcm" or "apns"';
  }
  if (typeof value.token !== "string") return "Cannot plan an answer: token must be a string";
  const { status } = value;
  if (!Number.isInteger(status) || status! < 200 || status! > 599) {
    return "Cannot plan an answer: status must be an HTTP status";
  }
  return value as PlannedAnswer;
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
