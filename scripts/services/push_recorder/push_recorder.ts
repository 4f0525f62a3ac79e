/**
 * The push providers, on this machine: real FCM HTTP v1, real APNs, and a page that says what came.
 *
 * Invariant: whatever talks to it runs the code that talks to the real ones; only addresses, keys
 * and one certificate authority differ. Its keys are drawn anew at each start.
 *
 * @module
 */

import { exportPKCS8, generateKeyPair } from "jose";
import { type ApnsEndpoint, apnsEndpoint } from "./apns_endpoint.ts";
import { controlEndpoint } from "./control_endpoint.ts";
import { fcmEndpoint } from "./fcm_endpoint.ts";
import { createPushRecord, type PushRecord } from "./record.ts";

export interface PushRecorder extends AsyncDisposable {
  /** The control API: `GET /pushes`, `POST /answers`, `DELETE /pushes`. */
  readonly url: string;
  readonly fcmUrl: string;
  readonly apnsUrl: string;
  /** The authority that the endpoints' certificate is of, PEM. */
  readonly caCert: string;
  /** The settings that make an origin push here. */
  readonly env: Record<string, string>;
  /** What the control API shows and sets, for tests in the same process. */
  readonly record: PushRecord;
  readonly apns: Pick<ApnsEndpoint, "connections">;
}

const PROJECT = "fanfare-dev";
const KEY_ID = "FANFAREKEY";
const TEAM = "FANFARE123";
const TOPIC = "dev.fanfare.app";

/** @param options.port Where the control API listens; a free port unless given. */
export async function startPushRecorder(options: { port?: number } = {}): Promise<PushRecorder> {
  await using stack = new AsyncDisposableStack();
  const [account, provider, caCert, cert, key] = await Promise.all([
    generateKeyPair("RS256", { extractable: true }),
    generateKeyPair("ES256", { extractable: true }),
    certificate("ca.pem"),
    certificate("leaf.pem"),
    certificate("leaf.key"),
  ]);
  const record = createPushRecord(Date.now);
  const apns = apnsEndpoint({
    record,
    key: provider.publicKey,
    keyId: KEY_ID,
    team: TEAM,
    topic: TOPIC,
  });
  const apnsServer = stack.use(serve(apns.handle, { cert, key }));
  const fcm = fcmEndpoint({ record, project: PROJECT, key: account.publicKey });
  const fcmServer = stack.use(serve(fcm, { cert, key }));
  const control = stack.use(serve(controlEndpoint(record), { port: options.port ?? 0 }));
  const fcmUrl = `https://127.0.0.1:${fcmServer.addr.port}`;
  const apnsUrl = `https://127.0.0.1:${apnsServer.addr.port}`;
  const owned = stack.move();
  return {
    url: `http://127.0.0.1:${control.addr.port}`,
    fcmUrl,
    apnsUrl,
    caCert,
    record,
    apns,
    env: {
      PUSH_CA: caCert,
      FCM_URL: fcmUrl,
      FCM_CREDENTIAL: JSON.stringify({
        type: "service_account",
        project_id: PROJECT,
        client_email: `push@${PROJECT}.example`,
        private_key: await exportPKCS8(account.privateKey),
        token_uri: `${fcmUrl}/token`,
      }),
      APNS_URL: apnsUrl,
      APNS_KEY: await exportPKCS8(provider.privateKey),
      APNS_KEY_ID: KEY_ID,
      APNS_TEAM: TEAM,
      APNS_TOPIC: TOPIC,
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function serve(
  handler: Deno.ServeHandler<Deno.NetAddr>,
  options: { port?: number; cert?: string; key?: string },
): Deno.HttpServer<Deno.NetAddr> {
  const listen = { hostname: "127.0.0.1", port: options.port ?? 0, onListen: () => {} };
  const { cert, key } = options;
  return cert && key ? Deno.serve({ ...listen, cert, key }, handler) : Deno.serve(listen, handler);
}

function certificate(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`./certificates/${name}`, import.meta.url));
}
