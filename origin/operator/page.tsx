/**
 * The operator's page as a whole: what stays while what is live is renewed in it.
 *
 * Invariant: nothing in it comes from elsewhere, no style or script is written inline, and whatever
 * was told by others is escaped. It can be read without its script, which only keeps it live, asks
 * and acts. Pure.
 *
 * @module
 */

import { STYLES } from "./assets.ts";
import { titleOf } from "./judge.ts";
import { LivePart } from "./live.tsx";
import type { Overview } from "./view.ts";

/** Whether it may act, and what for. */
export interface Access {
  /** There is an admin key, so that actions are possible at all. */
  hasKey: boolean;
  /** Without an admin key users can be looked up from this machine only, or not at all. */
  looksWithoutKey: boolean;
}

export function Page({ overview, access }: { overview: Overview; access: Access }) {
  const { name, version } = overview.teller;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{titleOf(overview.verdict)}</title>
        <link rel="icon" type="image/svg+xml" href="operator/icon.svg" />
        {STYLES.map((name) => <link key={name} rel="stylesheet" href={`operator/${name}`} />)}
        <script type="module" src="operator/page.js"></script>
        <noscript>
          <meta http-equiv="refresh" content="5" />
        </noscript>
      </head>
      <body data-access={access.hasKey ? "locked" : access.looksWithoutKey ? "reading" : "closed"}>
        <a class="skip" href="#replicas">To the replicas</a>
        <header>
          <img src="operator/icon.svg" alt="" width="28" height="28" />
          <h1>Fanfare</h1>
          <p class="teller">
            as <b>{name}</b> hears it, release {version}
          </p>
          <div class="controls">
            <button type="button" id="pause" aria-pressed="false">Pause</button>
            {access.hasKey
              ? <button type="button" id="unlock">Unlock</button>
              : <span class="note">read-only: no ADMIN_KEY is set</span>}
          </div>
        </header>
        <p id="stale" role="alert" hidden></p>
        <main>
          <LivePart overview={overview} hasKey={access.hasKey}>
            <div class="ask">
              <LookUp />
              {access.hasKey && <TellEverybody />}
            </div>
          </LivePart>
        </main>
        <p id="said" role="status"></p>
        <KeyDialog />
        <ConfirmDialog />
      </body>
    </html>
  );
}

function LookUp() {
  return (
    <section aria-labelledby="look-up-title" class="look-up">
      <h2 id="look-up-title">Look up</h2>
      <form data-look-up="user">
        <label>
          User
          <input name="user" required maxlength={128} autocomplete="off" spellcheck={false} />
        </label>
        <label>
          Device <small>or all</small>
          <input name="device" maxlength={128} autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit">Look up</button>
      </form>
      <form data-look-up="message">
        <label>
          Message <small>by its gsid</small>
          <input
            name="gsid"
            required
            inputmode="numeric"
            pattern="[0-9]{1,16}"
            title="A number of up to 16 digits"
            autocomplete="off"
          />
        </label>
        <button type="submit">Look up</button>
      </form>
      <div id="found" tabindex={-1} aria-live="polite"></div>
    </section>
  );
}

function TellEverybody() {
  return (
    <details>
      <summary>Tell everybody</summary>
      <form data-act="alert">
        <label>
          Alert <small>a text, or the body as JSON</small>
          <textarea name="body" required rows={2} maxlength={16_384}></textarea>
        </label>
        <button type="submit">Send the alert</button>
      </form>
    </details>
  );
}

function KeyDialog() {
  return (
    <dialog id="key-dialog" aria-labelledby="key-title">
      <form method="dialog">
        <h2 id="key-title">Unlock</h2>
        <p>
          With the admin key you can look up users, and act. It stays in this tab and is forgotten
          with it.
        </p>
        <label>
          Admin key
          <input name="key" type="password" required autocomplete="off" />
        </label>
        <label>
          Your name <small>for the log</small>
          <input name="operator" required maxlength={64} autocomplete="off" />
        </label>
        <p class="fault" role="alert"></p>
        <div class="buttons">
          <button type="button" value="cancel">Cancel</button>
          <button type="submit" class="primary">Unlock</button>
        </div>
      </form>
    </dialog>
  );
}

function ConfirmDialog() {
  return (
    <dialog id="confirm-dialog" aria-labelledby="confirm-title">
      <form method="dialog">
        <h2 id="confirm-title"></h2>
        <p></p>
        <div class="buttons">
          <button type="submit" value="cancel" autofocus>Cancel</button>
          <button type="submit" value="confirm" class="grave"></button>
        </div>
      </form>
    </dialog>
  );
}
