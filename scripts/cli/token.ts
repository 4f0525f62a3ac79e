/**
 * `token USER`: a signed token for development, and `--check`: why one is refused.
 *
 * Invariant: what `--check` says is what an edge would say, since the edge's own verifier says it.
 *
 * @module
 */

import { Command } from "commander";
import { decodeJwt } from "jose";
import { createTokenVerifier, secretKeys } from "edge/token/verify.ts";
import { faultInId } from "shared/ids.ts";
import { signToken } from "testing/token.ts";
import { duration } from "./arguments.ts";
import { CommandFailed, UsedWrongly } from "./run.ts";
import {
  type JsonOption,
  runningSystem,
  type SystemOption,
  type Terminal,
  withJson,
  withSystem,
} from "./terminal.ts";

type TokenOptions = SystemOption & JsonOption & { ttl: number; check?: string };

const DAY_S = 86_400;

export function tokenCommand(terminal: Terminal): Command {
  const command = new Command("token")
    .description("Signs a token for a user, for development; or says why one is refused.")
    .argument("[user]", "whom the token is for")
    .option("--ttl <duration>", "how long it lasts: seconds, or 15m, 12h, 7d", duration, DAY_S)
    .option("--check <jwt>", "check this token instead");
  return withJson(withSystem(command)).addHelpText(
    "after",
    "\nThe secret is that of --env, else TOKEN_SECRET of the environment, else that of the running " +
      "system.",
  ).action(async (user: string | undefined, options: TokenOptions) => {
    if ((user === undefined) === (options.check === undefined)) {
      throw new UsedWrongly("name a user, or a token with --check");
    }
    const { TOKEN_SECRET } = terminal.environment;
    const isSaid = options.env.length === 0 && TOKEN_SECRET !== undefined;
    const secret = isSaid ? TOKEN_SECRET : (await runningSystem(options)).token_secret;
    if (!secret) {
      throw new UsedWrongly("an issuer signs the tokens of these edges, if they are any");
    }
    if (options.check !== undefined) await checkToken(options.check, secret, options, terminal);
    else await printToken(user!, secret, options, terminal);
  });
}

async function printToken(
  user: string,
  secret: string,
  { ttl, json }: TokenOptions,
  { print }: Terminal,
): Promise<void> {
  const fault = faultInId(user);
  if (fault) throw new UsedWrongly(`the user ${fault}`);
  const token = await signToken(user, secret, ttl);
  print(json ? JSON.stringify({ user, token, ttl }) : token);
}

async function checkToken(
  token: string,
  secret: string,
  { json }: TokenOptions,
  { print }: Terminal,
): Promise<void> {
  const verifier = createTokenVerifier({ keys: secretKeys(secret), nowMs: Date.now });
  const verdict = await verifier.verify(token.trim());
  if (!verdict.ok) {
    if (json) print(JSON.stringify({ ok: false, why: verdict.why, words: verdict.words }));
    throw new CommandFailed(`this token is refused: ${verdict.words}${claimsOf(token)}`);
  }
  const expires = new Date(verdict.expiresMs).toISOString();
  const { user } = verdict;
  print(
    json ? JSON.stringify({ ok: true, user, expires }) : `good: user ${user}, until ${expires}`,
  );
}

/** What a refused token says of itself, which often shows the mistake. */
export function claimsOf(token: string): string {
  try {
    return `\nits claims, not to be trusted: ${JSON.stringify(decodeJwt(token.trim()))}`;
  } catch {
    // It is no JWT: there are no claims to show.
    return "";
  }
}
