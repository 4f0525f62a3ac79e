/**
 * Contents: a gsid names one thing, the same for every client, in the database and in a push.
 *
 * @module
 */

import type { Content } from "../entry.ts";
import { type Evidence, type Findings, nameOf } from "../evidence.ts";

export function checkContents(evidence: Evidence, findings: Findings): void {
  checkDelivered(evidence, findings);
  checkPushed(evidence, findings);
}

function checkDelivered({ history, eventOf }: Evidence, findings: Findings): void {
  for (const device of history.devices) {
    for (const entry of device.entries) {
      if (entry.kind !== "event") continue;
      const { content } = entry;
      const event = eventOf.get(content.gsid);
      if (!event) {
        findings.add("invented", `${nameOf(device)} was told ${content.gsid}, which is not there`);
      } else if (!isSame(content, event)) {
        const told = `${content.type} ${content.digest} of ${content.conversation}`;
        const is = `${event.type} ${event.digest} of ${event.conversation}`;
        findings.add("two-bodies", `${nameOf(device)} was told ${content.gsid} as ${told}: ${is}`);
      }
    }
  }
}

function isSame(a: Content, b: Content): boolean {
  return a.digest === b.digest && a.type === b.type && a.conversation === b.conversation &&
    a.prev === b.prev;
}

function checkPushed({ truth, eventOf }: Evidence, findings: Findings): void {
  for (const { user, gsid, text } of truth.pushes) {
    const event = eventOf.get(gsid);
    if (!event) findings.add("invented", `${user} was pushed ${gsid}, which is not there`);
    else if (text !== undefined && event.text !== undefined && !isPreview(text, event.text)) {
      findings.add("two-bodies", `${user} was pushed ${gsid} with the text "${text}"`);
    }
  }
}

/** A preview that is too long ends with an ellipsis. */
function isPreview(preview: string, text: string): boolean {
  return preview === text || (preview.endsWith("…") && text.startsWith(preview.slice(0, -1)));
}
