/**
 * Two origins that run the late check at once, each as slow as it likes, on one database.
 *
 * Invariant: what is decided is decided by the real check, what is stored by the model of the
 * database. A checker may crash before and after each of its statements, statements may be carried
 * out without the checker learning it, and what edges report is heard late, by one, or by nobody.
 *
 * @module
 */

import { hasReceived, type Stretch } from "shared/received.ts";
import { Intern } from "../engine/intern.ts";
import { Layout } from "../engine/layout.ts";
import { Machine } from "../engine/machine.ts";
import { type Emit, Incomplete, type Model } from "../engine/search.ts";
import {
  type CheckerFacts,
  type CheckerInput,
  CheckerInstance,
  type CheckerOutput,
  type Statements,
} from "../real/checker.ts";
import type { Kind } from "../world/history.ts";
import type { LateBends } from "./bends.ts";
import { Database } from "./database.ts";
import {
  AT,
  CHECKER,
  FIELD_WIDTHS,
  KNEW,
  type LateBudget,
  setBudget,
  sortCheckers,
  WRONG,
} from "./fields.ts";
import type { Ran } from "./ran.ts";
import { faultIn, PLACES } from "./rules.ts";
import { nameStep, numberOf, type StepName } from "./steps.ts";

export interface LateScope {
  /** What is committed, in this order. */
  story: readonly Kind[];
  budget: LateBudget;
  /** How many events one read gives at most; default: all. */
  rows?: number;
  /** Dora has a laptop, which connects without a cursor. */
  laptop?: true;
  bends?: LateBends;
}

export class LateModel implements Model {
  readonly layout = new Layout(FIELD_WIDTHS);
  readonly #scope: LateScope;
  readonly #checkers: Machine<CheckerInput, CheckerOutput, CheckerFacts>;
  readonly #database: Database;
  readonly #statements: Statements = new Map();
  readonly #next = new Int32Array(FIELD_WIDTHS.length);
  #now: Int32Array = this.#next;
  #emit: Emit = () => {};

  constructor(scope: LateScope) {
    const { story, rows = story.length, bends = {} } = scope;
    this.#scope = scope;
    const abouts = new Intern<unknown>(), statements = this.#statements;
    const bend = bends.check;
    this.#checkers = new Machine(() =>
      new CheckerInstance({ abouts, statements, ...(bend && { bend }) })
    );
    this.#database = new Database({ story, rows, statements, bends });
  }

  get machines() {
    return [this.#checkers];
  }

  async start(s: Int32Array): Promise<void> {
    await this.#checkers.start();
    s.fill(0);
    setBudget(s, this.#scope.budget);
  }

  expand(now: Int32Array, emit: Emit): void {
    this.#now = now;
    this.#emit = emit;
    this.#commit();
    this.#receive();
    if (this.#scope.laptop) this.#moveLaptop();
    for (const who of [0, 1] as const) {
      // Two that are alike do alike.
      if (who === 1 && now[CHECKER[0]] === now[CHECKER[1]] && now[KNEW[0]] === now[KNEW[1]]) break;
      this.#hear(who);
      this.#work(who);
      this.#crash(who);
    }
  }

  fault(s: Int32Array): string | undefined {
    return faultIn(s, this.#database);
  }

  faultAtRest(s: Int32Array): string | undefined {
    if (s[AT.mark]! < s[AT.head]!) return `progress: only ${s[AT.mark]} is checked`;
  }

  describe(_next: Int32Array, kind: number, a: number): string {
    return nameStep(kind, a);
  }

  #commit(): void {
    const { head, ripe } = { head: this.#now[AT.head]!, ripe: this.#now[AT.ripe]! };
    if (head < this.#scope.story.length) {
      const s = this.#copy();
      s[AT.head] = head + 1;
      this.#done("# is committed", false, head + 1);
    }
    if (ripe < head) {
      const s = this.#copy();
      s[AT.ripe] = ripe + 1;
      this.#done("# is old enough", true, ripe + 1);
    }
  }

  #receive(): void {
    const lacking = this.#database.forDora(this.#now[AT.head]!) & ~this.#now[AT.got]!;
    for (const place of PLACES) {
      if (!(lacking & (1 << place))) continue;
      const s = this.#copy();
      s[AT.got]! |= 1 << place;
      this.#done("Dora's device receives #", false, place);
    }
  }

  #moveLaptop(): void {
    const began = this.#now[AT.began]!, laptop = this.#now[AT.laptop]!;
    const head = this.#now[AT.head]!;
    if (began === 0 && head > 0) {
      const s = this.#copy();
      s[AT.began] = s[AT.laptop] = head;
      this.#done("Dora's laptop begins at #", false, head);
    } else if (laptop < head) {
      const s = this.#copy();
      s[AT.laptop] = laptop + 1;
      this.#done("Dora's laptop receives #", false, laptop + 1);
    }
  }

  /** What an edge reported lately, or a while ago. */
  #hear(who: 0 | 1): void {
    for (let upto = 1; upto <= this.#position(); upto++) {
      this.#give(this.#copy(), who, { do: "heard", stretch: this.#stretch(0, upto) });
      this.#done("a checker hears that Dora received all up to #", false, upto);
    }
    const began = this.#now[AT.began]!;
    for (let upto = began + 1; upto <= this.#now[AT.laptop]!; upto++) {
      const stretch = this.#stretch(this.#said(began), upto);
      this.#give(this.#copy(), who, { do: "heard", stretch });
      this.#done("a checker hears that Dora's laptop received all up to #", false, upto);
    }
    const s = this.#spend(AT.endings);
    if (!s) return;
    this.#give(s, who, { do: "ended" });
    this.#done("a checker hears that Dora's connection ended", false);
  }

  #work(who: 0 | 1): void {
    const { open } = this.#facts(this.#now, who);
    switch (open?.name) {
      case undefined:
        this.#give(this.#copy(), who, { do: "beat" });
        return this.#done("a checker begins a round", this.#now[AT.mark]! < this.#now[AT.ripe]!);
      case "statement":
        return this.#answer(who, open.number);
      case "presence":
        return this.#look(who);
      case "ask":
        return this.#tell(who);
    }
  }

  #answer(who: 0 | 1, call: number): void {
    const ran = this.#run(call);
    const s = this.#copy();
    this.#store(s, who, ran);
    const { rows, count } = ran;
    const counted = count === undefined ? {} : { count };
    this.#give(s, who, { do: "answer", call: "statement", rows, ...counted });
    this.#done("the database answers a checker", true);
    for (const carriedOut of [true, false]) {
      const failed = this.#spend(AT.failures);
      if (!failed) continue;
      if (carriedOut) this.#store(failed, who, ran);
      this.#give(failed, who, { do: "fail", call: "statement" });
      this.#done(
        carriedOut
          ? "the statement of a checker fails, carried out"
          : "the statement of a checker fails, not carried out",
        false,
      );
    }
  }

  #look(who: 0 | 1): void {
    for (const looking of [false, true]) {
      this.#give(this.#copy(), who, { do: "answer", call: "presence", looking });
      this.#done("a checker finds Dora looking: #", true, Number(looking));
    }
  }

  /** A checker that starts asks all edges. */
  #tell(who: 0 | 1): void {
    this.#give(this.#copy(), who, { do: "answer", call: "ask" });
    this.#done("no edge answers a checker", true);
    const upto = this.#position(), began = this.#now[AT.began]!, laptop = this.#now[AT.laptop]!;
    const stretches = [this.#stretch(0, upto), this.#stretch(this.#said(began), laptop)]
      .filter((stretch) => stretch.upto > stretch.after);
    if (stretches.length === 0) return;
    this.#give(this.#copy(), who, { do: "answer", call: "ask", stretches });
    this.#done("edges answer a checker: Dora received all up to #", true, upto);
  }

  /** Place 0 is before everything. */
  #stretch(after: number, upto: number): Stretch {
    const gsidOf = (place: number) => place === 0 ? 0 : this.#database.calendar.gsidOf(place);
    return { after: gsidOf(after), upto: gsidOf(upto) };
  }

  #said(began: number): number {
    return this.#scope.bends?.began?.(began) ?? began;
  }

  #crash(who: 0 | 1): void {
    const s = this.#spend(AT.crashes);
    if (!s) return;
    const { torn } = this.#scope.bends ?? {};
    const { open } = this.#facts(this.#now, who);
    if (torn && open?.name === "statement") {
      this.#store(s, who, torn(this.#run(open.number), this.#now));
    }
    s[CHECKER[who]] = s[KNEW[who]] = 0;
    this.#done("a checker crashes and starts again", false);
  }

  #run(call: number): Ran {
    const ran = this.#database.run(this.#now, call);
    return this.#scope.bends?.ran?.(ran, this.#now, this.#statements.get(call)!) ?? ran;
  }

  #store(s: Int32Array, who: 0 | 1, { mark, doras, ottos, again }: Ran): void {
    const made = doras & ~s[AT.doras]!;
    if (made & s[KNEW[who]]!) s[AT.wrong] = WRONG.known;
    if (again) s[AT.wrong] = WRONG.twice;
    if (mark < s[AT.mark]!) s[AT.wrong] = WRONG.back;
    s[AT.mark] = mark;
    s[AT.doras] = doras;
    s[AT.ottos] = ottos;
  }

  /** Up to where edges may say that all was received. */
  #position(): number {
    const got = this.#now[AT.got]!, head = this.#now[AT.head]!;
    const lacking = this.#database.forDora(head) & ~got;
    const position = lacking ? 30 - Math.clz32(lacking & -lacking) : head;
    const last = Math.max(0, 31 - Math.clz32(got));
    return this.#scope.bends?.reported?.(position, last) ?? position;
  }

  #facts(s: Int32Array, who: 0 | 1): CheckerFacts {
    return this.#checkers.facts(s[CHECKER[who]]!);
  }

  #give(s: Int32Array, who: 0 | 1, input: CheckerInput): void {
    const state = s[CHECKER[who]]!, number = this.#checkers.inputs.of(input);
    const entry = this.#checkers.entry(state, number);
    if (!entry) throw new Incomplete(() => this.#checkers.make(state, number));
    s[CHECKER[who]] = entry.next;
    // It decides when it is told who can be reached, and then asks for presence or stores.
    if (input.do !== "answer" || input.call !== "statement") return;
    const { known } = this.#facts(s, who);
    s[KNEW[who]] = PLACES
      .filter((place) => hasReceived(known, this.#database.calendar.gsidOf(place)))
      .reduce((sum, place) => sum | (1 << place), 0);
  }

  #copy(): Int32Array {
    this.#next.set(this.#now);
    return this.#next;
  }

  #spend(field: number): Int32Array | undefined {
    if (this.#now[field] === 0) return;
    const s = this.#copy();
    s[field]!--;
    return s;
  }

  #done(name: StepName, progress: boolean, a = 0): void {
    sortCheckers(this.#next);
    this.#emit(this.#next, progress, numberOf(name), a, 0);
  }
}
