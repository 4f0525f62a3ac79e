/**
 * What of the operator's page changes by itself: the verdict, the figures, trouble, the replicas.
 *
 * Invariant: each part has an id by which the page's script finds the one to renew, and rows have
 * theirs, so that what is focused or open stays so. Pure.
 *
 * @module
 */

import {
  type Column,
  EDGE_COLUMNS,
  ORIGIN_COLUMNS,
  type Overview,
  type Row,
  type Tile,
  type ToldTrouble,
} from "./view.ts";
import { titleOf } from "./judge.ts";
import { several, span } from "./words.ts";
import type { Child } from "hono/jsx";

interface LivePartProps {
  overview: Overview;
  hasKey: boolean;
  /** What does not change, between what is wrong and the long list of replicas. */
  children?: Child;
}

export function LivePart({ overview, hasKey, children }: LivePartProps) {
  return (
    <>
      <VerdictPart overview={overview} />
      <Figures tiles={overview.tiles} />
      <TroublePart trouble={overview.trouble} nowMs={overview.atMs} />
      {children}
      <section id="replicas" data-live aria-labelledby="replicas-title">
        <h2 id="replicas-title" class="hidden">Replicas</h2>
        <label class="sift">
          Show <input id="sift" type="search" title="Words of a name or state" autocomplete="off" />
        </label>
        <Replicas
          program="edge"
          caption="Edges"
          columns={EDGE_COLUMNS}
          rows={overview.edges}
          hasKey={hasKey}
        />
        <Replicas
          program="origin"
          caption="Origins"
          columns={ORIGIN_COLUMNS}
          rows={overview.origins}
          hasKey={hasKey}
        />
      </section>
    </>
  );
}

function VerdictPart({ overview }: { overview: Overview }) {
  const { tone, words, reasons } = overview.verdict;
  return (
    <section id="verdict" data-live data-tone={tone} data-title={titleOf(overview.verdict)}>
      <Glyph tone={tone} />
      <div>
        <h2 role="status">{words}</h2>
        {reasons.length > 0 && (
          <ul>
            {reasons.map(({ tone, words }) => <li key={words} data-tone={tone}>{words}</li>)}
          </ul>
        )}
      </div>
    </section>
  );
}

const GLYPHS = {
  well: "M7 12.500l3.500 3.500 6.500-8",
  poor: "M12 6.500v7M12 17v.01",
  bad: "M8 8l8 8M16 8l-8 8",
};

/** Tells the tone to whoever sees no colours; its words tell it to whoever sees nothing. */
function Glyph({ tone }: { tone: keyof typeof GLYPHS }) {
  return (
    <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="11" />
      <path d={GLYPHS[tone]} />
    </svg>
  );
}

function Figures({ tiles }: { tiles: Tile[] }) {
  return (
    <dl id="figures" data-live aria-label="Figures of the whole system">
      {tiles.map(({ label, value, about, trend }) => (
        <div>
          <dt>{label}</dt>
          <dd class="value">{value}</dd>
          <dd class="about">{about}</dd>
          {trend && <Sparkline values={trend} />}
        </div>
      ))}
    </dl>
  );
}

const WIDTH = 120, HEIGHT = 24;

/** The last five minutes, newest at the right; what is not known leaves a gap. */
function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(...values.filter((value) => !Number.isNaN(value)), 0);
  const points = values.map((value, i) => {
    const x = WIDTH - (values.length - 1 - i) * (WIDTH / 149);
    const y = HEIGHT - 1 - (most === 0 ? 0 : (value / most) * (HEIGHT - 3));
    return Number.isNaN(value) ? undefined : `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const path = points.map((point, i) => point && `${points[i - 1] ? "L" : "M"}${point}`)
    .filter(Boolean).join("");
  return (
    <dd class="trend" aria-hidden="true">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
        <path d={path} />
      </svg>
    </dd>
  );
}

function TroublePart({ trouble, nowMs }: { trouble: ToldTrouble[]; nowMs: number }) {
  return (
    <section id="trouble" data-live aria-labelledby="trouble-title">
      <h2 id="trouble-title">Recent trouble</h2>
      {trouble.length === 0
        ? <p class="nothing">No warning and no error is remembered by any replica.</p>
        : (
          <ol
            tabindex={0}
            aria-label={several(trouble.length, "kind of trouble", "kinds of trouble")}
          >
            {trouble.map(({ at, by, level, words, times }) => (
              <li data-level={level}>
                <time datetime={new Date(at).toISOString()} title={new Date(at).toISOString()}>
                  {span(nowMs - at)} ago
                </time>
                <b>{by}</b>
                <span>
                  <i class="level">{level}</i> {words}
                  {times > 1 && <small>, {times} times</small>}
                </span>
              </li>
            ))}
          </ol>
        )}
    </section>
  );
}

interface ReplicasProps {
  program: "edge" | "origin";
  caption: string;
  columns: readonly Column[];
  rows: Row[];
  hasKey: boolean;
}

function Replicas({ program, caption, columns, rows, hasKey }: ReplicasProps) {
  return (
    <table role="table" id={`${program}s`}>
      <caption>
        {caption} <small>{rows.length}</small>
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">name</th>
          <th role="columnheader" scope="col">state</th>
          {columns.map(({ title, about }) => (
            <th role="columnheader" scope="col" class="figure" title={about}>{title}</th>
          ))}
          {hasKey && (
            <th role="columnheader" scope="col">
              <span class="hidden">what to do</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <ReplicaRow program={program} row={row} columns={columns} hasKey={hasKey} />
        ))}
      </tbody>
    </table>
  );
}

interface ReplicaRowProps extends Pick<ReplicasProps, "program" | "columns" | "hasKey"> {
  row: Row;
}

function ReplicaRow({ program, row, columns, hasKey }: ReplicaRowProps) {
  const { id, name, version, state, cells } = row;
  return (
    <tr role="row" id={`replica-${id}`} data-state={state.word} data-badness={state.badness}>
      <th role="rowheader" scope="row" title={`${id}, release ${version || "unknown"}`}>{name}</th>
      <td role="cell" class="state">
        <span class="pill">{state.word}</span>
        {state.why && <small>{state.why}</small>}
      </td>
      {cells.map((cell, i) => (
        <td role="cell" class="figure" data-label={columns[i]!.title}>{cell}</td>
      ))}
      {hasKey && (
        <td role="cell" class="act">
          {["ready", "not ready"].includes(state.word) && (
            <button
              type="button"
              data-act="drain"
              data-replica={id}
              data-name={name}
              data-program={program}
            >
              Drain<span class="hidden">{` ${name}`}</span>
            </button>
          )}
        </td>
      )}
    </tr>
  );
}
