/**
 * The operator's page over HTTP, on the internal port.
 *
 * Invariant: whoever reaches the port may see how the system is, as at `/metrics`; users are looked
 * up, and actions taken, only by whom `access.ts` lets. The key is in a header, so no page elsewhere
 * can have a browser send it. Nothing is fetched from elsewhere, and browsers are told to see to it.
 *
 * @module
 */

import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import type { JsonObject, JsonValue } from "shared/event.ts";
import { type AccessRules, type Asked, mayAct, mayLookUp } from "./access.ts";
import { type ActDeps, type Actor, ACTS } from "./act.ts";
import { ASSETS } from "./assets.ts";
import { MessageFound, NotFound, UserFound } from "./found.tsx";
import { LivePart } from "./live.tsx";
import { lookUpMessage, lookUpUser } from "./look_up.ts";
import { Page } from "./page.tsx";
import type { Overview } from "./view.ts";

export interface OperatorOptions {
  rules: AccessRules;
  overview(): Overview;
  /** What lookups and actions need; nothing until the origin is up. */
  deps(): ActDeps | undefined;
  /** Wall clock, ms since 1970. */
  wallMs(): number;
}

const MAX_REQUEST_BYTES = 64 * 1024;
const MAX_NAME = 64;

export function createOperatorApp(options: OperatorOptions): Hono {
  const { rules, overview, wallMs } = options;
  const hasKey = rules.adminKey !== null;
  const app = new Hono();
  app.use(headers(), bodyLimit({ maxSize: MAX_REQUEST_BYTES }));
  app.get("/", (c) => {
    const access = { hasKey, looksWithoutKey: mayLookUp(rules, askedBy(c)) };
    return c.html(`<!doctype html>${<Page overview={overview()} access={access} />}`);
  });
  app.get("/live", (c) => c.html(<LivePart overview={overview()} hasKey={hasKey} />));
  for (const { name, type, text } of ASSETS) {
    app.get(`/${name}`, (c) => c.body(text, 200, { "content-type": type }));
  }

  app.post(
    "/key",
    (c) => mayAct(rules, askedBy(c)) ? c.body(null, 204) : c.json({ error: WRONG_KEY }, 401),
  );

  app.post("/look-up/:what", async (c) => {
    if (!mayLookUp(rules, askedBy(c))) {
      return c.html(<NotFound words={hasKey ? WRONG_KEY : NO_LOOKUPS} />, 401);
    }
    const deps = options.deps();
    if (!deps) return c.html(<NotFound words={NOT_UP} />, 503);
    const data = await readBody(c);
    const what = c.req.param("what");
    if (what !== "user" && what !== "message") {
      return c.html(<NotFound words="There is no such thing to look up" />, 404);
    }
    if (what === "user") {
      const looked = await lookUpUser(deps.api, data as { user: string; device?: string });
      if ("error" in looked) return c.html(<NotFound words={looked.error} />);
      return c.html(<UserFound found={looked.found} hasKey={hasKey} nowMs={wallMs()} />);
    }
    const looked = await lookUpMessage(deps.api, data as { gsid: number });
    if ("error" in looked) return c.html(<NotFound words={looked.error} />);
    return c.html(<MessageFound found={looked.found} nowMs={wallMs()} />);
  });

  app.post("/act/:what", async (c) => {
    if (!mayAct(rules, askedBy(c))) return c.json({ error: hasKey ? WRONG_KEY : NO_KEY }, 401);
    const act = ACTS.get(c.req.param("what"));
    if (!act) return c.json({ error: "there is no such action" }, 404);
    const deps = options.deps();
    if (!deps) return c.json({ error: NOT_UP }, 503);
    return c.json(await act(deps, actorOf(c), await readBody(c)));
  });
  return app;
}

const WRONG_KEY = "the header X-Admin-Key is missing or wrong";
const NO_KEY = "no ADMIN_KEY is set, so nothing can be done here";
const NO_LOOKUPS = "No ADMIN_KEY is set, so users are looked up from this machine only";
const NOT_UP = "This origin is not up yet, or is ending";

function askedBy(c: Context): Asked {
  return { key: c.req.header("x-admin-key"), host: c.req.header("host") };
}

/** What is missing or wrong in it, the methods say. */
async function readBody(c: Context): Promise<JsonObject> {
  const data: JsonValue = await c.req.json().catch(() => null);
  return typeof data === "object" && data !== null && !Array.isArray(data) ? data : {};
}

function actorOf(c: Context): Actor {
  const { remoteAddr } = (c.env ?? {}) as { remoteAddr?: { hostname?: string } };
  return {
    operator: nameIn(c.req.header("x-operator") ?? "") || "unnamed",
    from: remoteAddr?.hostname ?? "unknown",
  };
}

/** Headers hold no more than ASCII, so the name comes encoded. */
function nameIn(header: string): string {
  try {
    return decodeURIComponent(header).slice(0, MAX_NAME);
  } catch {
    return "";
  }
}

function headers(): MiddlewareHandler {
  const secure = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: "DENY",
    referrerPolicy: "no-referrer",
    strictTransportSecurity: false,
  });
  return async (c, next) => {
    await secure(c, next);
    c.header("cache-control", "no-store");
  };
}
