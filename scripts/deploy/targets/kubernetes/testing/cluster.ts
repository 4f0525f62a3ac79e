/**
 * A cluster in memory, behind the words that are said to kubectl.
 *
 * Invariant: it answers in the form in which the real one does, and what it does not know is an error
 * as there. A roll is done at once; a release that is said to be ill never gets ready. Whatever was
 * said is kept, word for word.
 *
 * @module
 */

import { parseAllDocuments } from "yaml";
import type { Reached } from "../../forward.ts";
import type { Kubectl, Ran } from "../kubectl.ts";
import { RELEASE_LABEL } from "../manifests/deployed.ts";

// deno-lint-ignore no-explicit-any -- objects of any kind, as they come
type Thing = any;

export class TestCluster implements Kubectl {
  readonly said: string[] = [];
  readonly #things = new Map<string, Thing>();
  readonly #revisions: { name: string; revision: number; template: Thing }[] = [];
  readonly #ill = new Set<string>();
  readonly #secrets: Readonly<Record<string, readonly string[]>>;
  readonly #print: (job: Thing) => { success: boolean; printed: string };

  /** `secrets`: the names in each. `print`: what a job does. */
  constructor(
    { secrets, print }: {
      secrets: Readonly<Record<string, readonly string[]>>;
      print?: (job: Thing) => { success: boolean; printed: string };
    },
  ) {
    this.#secrets = secrets;
    this.#print = print ?? (() => ({ success: true, printed: "" }));
  }

  /** Its pods end as they start. */
  makeIll(release: string): void {
    this.#ill.add(release);
  }

  thing(kind: string, name: string): Thing {
    return this.#things.get(`${kind.toLowerCase()}/${name}`);
  }

  reach(_pod: string, port: number): Promise<Reached> {
    return Promise.resolve({ port, [Symbol.asyncDispose]: () => Promise.resolve() });
  }

  run(words: readonly string[], stdin?: string): Promise<Ran> {
    this.said.push(words.join(" "));
    try {
      return Promise.resolve({ code: 0, stdout: this.#answer(words, stdin ?? ""), stderr: "" });
    } catch (error) {
      return Promise.resolve({ code: 1, stdout: "", stderr: (error as Error).message });
    }
  }

  #answer(words: readonly string[], stdin: string): string {
    const [verb, what = "", name = ""] = words;
    const selector = words[words.indexOf("--selector") + 1]!;
    if (verb === "apply") return this.#apply(stdin, words.includes("--dry-run=server"));
    if (verb === "get" && what === "secret") {
      return (this.#secrets[name] ?? []).map((one) => `${one}\n`).join("");
    }
    if (verb === "get" && what === "pods") return items(this.#pods(selector.split("=")[1]!));
    if (verb === "get" && what === "replicasets") return items(this.#sets(selector.split("=")[1]!));
    if (verb === "get") return JSON.stringify(this.thing(what, name) ?? "").replace(/^""$/, "");
    if (verb === "create" && what === "configmap") return this.#keep("configmap", name, {});
    if (verb === "patch") return this.#patch(name, words.at(-1)!);
    if (verb === "rollout" && what === "status") return this.#status(name.split("/")[1]!);
    if (verb === "rollout" && what === "undo") return this.#undo(name.split("/")[1]!, words[3]!);
    if (verb === "logs" && what.startsWith("job/")) return this.thing("job", what.slice(4)).printed;
    if (verb === "logs") return "the last words of a program";
    if (verb === "delete") return this.#delete(what, name);
    throw new Error(`error: unknown command "${words.join(" ")}"`);
  }

  #apply(yaml: string, dryRun: boolean): string {
    for (const document of parseAllDocuments(yaml)) {
      const thing: Thing = document.toJS();
      if (!thing.apiVersion || !thing.kind || !thing.metadata?.name) throw new Error("no object");
      if (dryRun) continue;
      if (thing.kind === "Job") Object.assign(thing, this.#ended(thing));
      if (thing.kind === "Deployment") this.#revise(thing.metadata.name, thing.spec.template);
      this.#keep(thing.kind.toLowerCase(), thing.metadata.name, thing);
    }
    return "";
  }

  #ended(job: Thing): Thing {
    const { success, printed } = this.#print(job);
    const type = success ? "Complete" : "Failed";
    return { printed, status: { conditions: [{ type, status: "True" }] } };
  }

  #revise(name: string, template: Thing): void {
    const revision = this.#revisions.length + 1;
    this.#revisions.push({ name, revision, template });
  }

  #keep(kind: string, name: string, thing: Thing): string {
    this.#things.set(`${kind}/${name}`, thing);
    return "";
  }

  #patch(name: string, patch: string): string {
    const map = this.thing("configmap", name);
    map.data = { ...map.data, ...JSON.parse(patch).data };
    for (const [key, value] of Object.entries(map.data)) if (value === null) delete map.data[key];
    return "";
  }

  #status(name: string): string {
    const { metadata } = this.thing("deployment", name).spec.template;
    if (!this.#ill.has(metadata.labels[RELEASE_LABEL])) return "successfully rolled out";
    throw new Error("error: timed out waiting for the condition");
  }

  #undo(name: string, word: string): string {
    const wanted = Number(word.split("=")[1]);
    const { template } = this.#revisions.find(({ revision }) => revision === wanted)!;
    this.thing("deployment", name).spec.template = template;
    this.#revise(name, template);
    return "";
  }

  #delete(kinds: string, name: string): string {
    for (const kind of kinds.split(",")) this.#things.delete(`${kind}/${name}`);
    // Its ReplicaSets go with it, and so do the revisions, which are nowhere else.
    const left = this.#revisions.filter((one) => one.name !== name);
    this.#revisions.splice(0, Infinity, ...left);
    return "";
  }

  /** One that serves, or, of what is ill, one that serves still and one that does not. */
  #pods(name: string): Thing[] {
    const deployment = this.thing("deployment", name);
    if (!deployment) return [];
    const of = ({ metadata }: Thing, ready: boolean) => ({
      metadata: {
        name: `${name}-${metadata.labels[RELEASE_LABEL]}`.replaceAll(/[^a-z0-9-]/gi, "-"),
        labels: metadata.labels,
      },
      status: {
        conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
        containerStatuses: ready ? [] : [{
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } },
        }],
      },
    });
    const { template } = deployment.spec;
    if (!this.#ill.has(template.metadata.labels[RELEASE_LABEL])) return [of(template, true)];
    const before = this.#revisions.filter((one) => one.name === name).at(-2);
    return [...(before ? [of(before.template, true)] : []), of(template, false)];
  }

  #sets(name: string): Thing[] {
    return this.#revisions.filter((one) => one.name === name).map(({ revision, template }) => ({
      metadata: { annotations: { "deployment.kubernetes.io/revision": `${revision}` } },
      spec: { template },
    }));
  }
}

function items(things: Thing[]): string {
  return JSON.stringify({ items: things });
}
