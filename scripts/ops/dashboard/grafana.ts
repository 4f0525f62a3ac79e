/**
 * Rows of panels as a dashboard of Grafana.
 *
 * Invariant: the same rows are the same text, whenever it is made. Knows nothing of what is shown.
 *
 * @module
 */

import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type { PanelSpec, Row } from "./panel.ts";

const SOURCE = { type: "prometheus", uid: "${datasource}" };
const COLUMNS = 24;
const ALL = { text: "All", value: "$__all" };

export function dashboardOf(rows: readonly Row[]): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder("Fanfare")
    .uid("fanfare")
    .tags(["fanfare"])
    .refresh("30s")
    .time({ from: "now-1h", to: "now" })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(
      new dashboard.DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"),
    )
    .withVariable(processes("job", "label_values(fanfare_build_info, job)"))
    .withVariable(processes("instance", 'label_values(fanfare_build_info{job=~"$job"}, instance)'))
    .withVariable(
      new dashboard.CustomVariableBuilder("quantile")
        .values("0.5,0.9,0.99,0.999")
        .current({ text: "0.99", value: "0.99" }),
    );
  let id = 0;
  for (const { title, panels } of rows) {
    builder.withRow(new dashboard.RowBuilder(title).id(++id));
    for (const panel of panels) builder.withPanel(panelOf(panel).id(++id));
  }
  return builder.build();
}

function processes(name: string, query: string) {
  return new dashboard.QueryVariableBuilder(name)
    .datasource(SOURCE)
    .query(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current(ALL);
}

function panelOf(spec: PanelSpec) {
  const panel = spec.stat
    ? new stat.PanelBuilder().graphMode(common.BigValueGraphMode.Area).height(4).span(COLUMNS / 6)
    : new timeseries.PanelBuilder().legend(legend()).fillOpacity(10).height(8).span(COLUMNS / 3);
  panel.title(spec.title).unit(spec.unit).min(0).datasource(SOURCE);
  if (spec.about !== undefined) panel.description(spec.about);
  spec.queries.forEach(({ expr, legend }, index) => {
    panel.withTarget(
      new DataqueryBuilder().datasource(SOURCE).refId(String.fromCharCode(65 + index)).expr(expr)
        .legendFormat(legend).range(),
    );
  });
  return panel;
}

function legend() {
  return new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.List)
    .placement(common.LegendPlacement.Bottom)
    .showLegend(true);
}
