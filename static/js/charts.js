/* Charts from data: every [data-chart] holds {kind, labels, series: [{name, data}], format, title} as JSON.
   kind: line, bar or stacked; format: number, percent (shares), money or decimal. Drawn as SVG; the table beside it says the same. */
(function () {
  "use strict";

  const charts = new Map();
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const language = document.documentElement.lang || "en";

  // light-dark() has to be resolved by the browser before ECharts can read it
  function colour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  function formatter(format) {
    if (format === "percent") {
      const form = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 2 });
      return (value) => (value === null ? "–" : form.format(value));
    }
    const form = new Intl.NumberFormat("en", { maximumFractionDigits: { money: 2, decimal: 3 }[format] || 0 });
    return (value) => (value === null ? "–" : form.format(value));
  }

  function tip(format) {
    return (points) => {
      const box = document.createElement("div");
      box.className = "chart-tip";
      const head = document.createElement("strong");
      head.textContent = points[0].axisValueLabel;
      box.append(head);
      for (const point of points) {
        const row = document.createElement("div");
        for (const words of [point.seriesName, format(point.value)]) {
          const cell = document.createElement("span");
          cell.textContent = words;
          row.append(cell);
        }
        box.append(row);
      }
      return box;
    };
  }

  function option(data) {
    const format = formatter(data.format);
    const ink = colour("--cs-ink-3");
    const line = colour("--cs-line");
    const words = { color: ink, fontFamily: style("--tblr-font-sans-serif"), fontSize: 12 };
    const many = data.series.length > 1;
    return {
      animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      animationDuration: 350,
      aria: { enabled: true, label: { enabled: false }, decal: { show: many && data.kind !== "line" } },
      color: [1, 2, 3, 4, 5, 6].map((number) => colour(`--cs-chart-${number}`)),
      textStyle: words,
      grid: { left: 8, right: 12, top: many ? 40 : 16, bottom: 4, containLabel: true },
      legend: many ? { type: "scroll", top: 0, left: 0, right: 0, pageIconColor: words.color, pageTextStyle: words, icon: data.kind === "line" ? undefined : "roundRect", itemWidth: 18, itemHeight: 9, textStyle: words } : undefined,
      tooltip: { trigger: "axis", formatter: tip(format), backgroundColor: "transparent", borderWidth: 0, padding: 0, extraCssText: "box-shadow: none", confine: true },
      xAxis: { type: "category", data: data.labels, boundaryGap: data.kind !== "line", axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { ...words, hideOverlap: true } },
      yAxis: { type: "value", minInterval: data.format === "number" ? 1 : undefined, splitLine: { lineStyle: { color: line } }, axisLabel: { ...words, formatter: format } },
      series: data.series.map((series, position) => one(series, position, data.kind)),
    };
  }

  function one(series, position, kind) {
    const symbols = ["circle", "rect", "triangle", "diamond", "pin", "arrow"];
    if (kind === "line") {
      const dashes = ["solid", "dashed", "dotted"];
      return { type: "line", name: series.name, data: series.data, symbol: symbols[position % 6], symbolSize: 7, showSymbol: series.data.length <= 40, connectNulls: true, lineStyle: { width: 2.25, type: dashes[position % 3] } };
    }
    return { type: "bar", name: series.name, data: series.data, stack: kind === "stacked" ? "all" : undefined, barMaxWidth: 36, itemStyle: { borderRadius: kind === "stacked" ? 0 : [3, 3, 0, 0] } };
  }

  function draw(node) {
    if (!charts.has(node)) {
      const chart = window.echarts.init(node, null, { renderer: "svg" });
      charts.set(node, chart);
      new ResizeObserver(() => chart.resize()).observe(node);
    }
    charts.get(node).setOption(option(JSON.parse(node.dataset.chart)), true);
  }

  function start(root) {
    for (const [node, chart] of charts) {
      if (node.isConnected) continue;
      chart.dispose();
      charts.delete(node);
    }
    for (const node of root.querySelectorAll("[data-chart]")) draw(node);
  }

  document.addEventListener("htmx:load", (event) => start(event.target.parentElement || document));
  document.addEventListener("studio:theme", () => { for (const node of charts.keys()) draw(node); });
  start(document);
})();
