/**
 * What was looked up, shown: a user with devices and conversations, or a message with what became
 * of it.
 *
 * Invariant: no body and no token is in it. Pure.
 *
 * @module
 */

import { atOfGsid, timeOfGsid } from "shared/gsid.ts";
import type { FoundMessage, FoundUser } from "./look_up.ts";
import { span } from "./words.ts";

export function NotFound({ words }: { words: string }) {
  return <p class="fault">{words}</p>;
}

interface UserFoundProps {
  found: FoundUser;
  hasKey: boolean;
  /** Wall clock, ms since 1970. */
  nowMs: number;
}

export function UserFound({ found, hasKey, nowMs }: UserFoundProps) {
  const { user, presence, devices, conversations, received } = found;
  return (
    <article>
      <h3>
        {user} <span class="pill" data-presence={presence}>{presence}</span>
      </h3>
      {received !== undefined && (
        <p>
          Has received everything up to <Place gsid={received} nowMs={nowMs} />
        </p>
      )}
      <table>
        <caption>Devices</caption>
        <thead>
          <tr>
            <th scope="col">device</th>
            <th scope="col">connected</th>
            <th scope="col">push</th>
            {hasKey && (
              <th scope="col">
                <span class="hidden">what to do</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {devices.length === 0 && (
            <tr>
              <td colspan={hasKey ? 4 : 3} class="nothing">
                None is connected, and none is registered for push.
              </td>
            </tr>
          )}
          {devices.map(({ device, connected, push }) => (
            <tr>
              <th scope="row">{device}</th>
              <td>{connected ?? "no"}</td>
              <td>{push.length === 0 ? "no" : push.join("; ")}</td>
              {hasKey && <td class="act">{connected && <Kick user={user} device={device} />}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      <table>
        <caption>Conversations, the newest first</caption>
        <tbody>
          {conversations.length === 0 && (
            <tr>
              <td class="nothing">None</td>
            </tr>
          )}
          {conversations.map(({ conversation, last }) => (
            <tr>
              <th scope="row">{conversation}</th>
              <td>
                <Place gsid={last} nowMs={nowMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hasKey && (
        <div class="buttons">
          <Kick user={user} />
        </div>
      )}
    </article>
  );
}

function Kick({ user, device }: { user: string; device?: string }) {
  return (
    <button type="button" data-act="kick" data-user={user} data-device={device}>
      {device === undefined ? `Kick ${user}` : "Kick"}
      {device !== undefined && <span class="hidden">{` ${device}`}</span>}
    </button>
  );
}

/** A gsid, which carries its time, and leads to the message. */
function Place({ gsid, nowMs }: { gsid: number; nowMs: number }) {
  const at = atOfGsid(gsid);
  return (
    <>
      <button type="button" class="link" data-look-up-message={gsid}>
        <code>{gsid}</code>
      </button>{" "}
      <time datetime={at} title={at}>{span(nowMs - timeOfGsid(gsid))} ago</time>
    </>
  );
}

export function MessageFound({ found, nowMs }: { found: FoundMessage; nowMs: number }) {
  const { gsid, type, conversation, at, sender, id, lateCheck, recipients, more } = found;
  return (
    <article>
      <h3>
        <code>{gsid}</code>
      </h3>
      <dl>
        <dt>what</dt>
        <dd>{type}</dd>
        <dt>conversation</dt>
        <dd>{conversation}</dd>
        <dt>committed</dt>
        <dd>
          <time datetime={at}>{at}</time>, {span(nowMs - Date.parse(at))} ago
        </dd>
        <dt>from</dt>
        <dd>{sender === null ? "nobody" : id === null ? sender : `${sender}, as ${id}`}</dd>
        <dt>late check</dt>
        <dd>{lateCheck}</dd>
      </dl>
      <table>
        <caption>Recipients{more && ", the first of them"}</caption>
        <thead>
          <tr>
            <th scope="col">user</th>
            <th scope="col">now</th>
            <th scope="col">received</th>
            <th scope="col">push</th>
          </tr>
        </thead>
        <tbody>
          {recipients.length === 0 && (
            <tr>
              <td colspan={4} class="nothing">Everybody</td>
            </tr>
          )}
          {recipients.map(({ user, presence, received, push }) => (
            <tr>
              <th scope="row">{user}</th>
              <td>{presence}</td>
              <td>{received}</td>
              <td>{push}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </article>
  );
}
