// Draws the charts of a report from their numbers, which src/results/report/chart.rs describes.

(function charts() {
  const page = JSON.parse(document.getElementById("data").textContent);
  const escaped = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  const escape = (text) => String(text).replace(/[&<>"']/g, (c) => escaped[c]);
  const format = (x) => {
    if (x === null || x === undefined || !isFinite(x)) return "\u2013";
    const size = Math.abs(x);
    const digits = size >= 1000 || Number.isInteger(x) ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
    return x.toLocaleString("en", { maximumFractionDigits: digits }).replace("-", "\u2212");
  };
  const withUnit = (x, unit) => format(x) + (unit ? "\u00a0" + unit : "");
  const clock = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  const dayOnly = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  const hourOnly = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  const day = (ms) => (ms % 86400000 === 0 ? dayOnly : hourOnly).format(ms);
  const named = (name, unit) => (unit ? `${name} [${unit}]` : name);
  const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

  // Colours of the current theme.
  function look() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    return {
      ground: of("--ground"), raised: of("--raised"), line: of("--line"), text: of("--text"), soft: of("--soft"),
      palette: [0, 1, 2, 3, 4, 5, 6, 7].map((i) => of(`--c${i}`)),
    };
  }

  const tooltip = (theme, more) => ({
    confine: true, backgroundColor: theme.raised, borderColor: theme.line, padding: [6, 10],
    textStyle: { color: theme.text, fontSize: 13, fontFamily: FONT }, ...more,
  });
  const axisLook = (theme) => ({
    nameTextStyle: { color: theme.soft, fontSize: 12 },
    axisLabel: { color: theme.soft, hideOverlap: true },
    axisLine: { lineStyle: { color: theme.soft } },
    axisTick: { lineStyle: { color: theme.soft } },
    splitLine: { lineStyle: { color: theme.line } },
  });
  const zoom = (axes) => ({ type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false, preventDefaultMouseMove: false, ...axes });
  const swatch = (colour) => `<span style="display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.4em;background:${colour}"></span>`;

  // A polygon between two lines, as one shape of a custom series.
  function bandSeries(series, points, colour) {
    return {
      type: "custom", name: series.name, xAxisIndex: series.panel, yAxisIndex: series.panel, silent: true, clip: true, z: 1,
      data: points, encode: { x: 0, y: [1, 2] }, tooltip: { show: false }, itemStyle: { color: colour },
      renderItem(params, api) {
        if (params.dataIndexInside > 0) return null;
        const whole = points.filter((p) => p[1] !== null && p[2] !== null);
        const shape = [...whole.map((p) => api.coord([p[0], p[2]])), ...whole.reverse().map((p) => api.coord([p[0], p[1]]))];
        return { type: "polygon", shape: { points: shape }, style: { fill: colour, opacity: 0.18 } };
      },
    };
  }

  // Vertical whiskers of points.
  function whiskerSeries(series, points, colour) {
    return {
      type: "custom", name: series.name, xAxisIndex: series.panel, yAxisIndex: series.panel, silent: true, clip: true, z: 1,
      data: points, encode: { x: 0, y: [1, 2] }, tooltip: { show: false }, itemStyle: { color: colour },
      renderItem(params, api) {
        if (isNaN(api.value(1)) || isNaN(api.value(2))) return null;
        const [a, b] = [api.coord([api.value(0), api.value(1)]), api.coord([api.value(0), api.value(2)])];
        return { type: "line", shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style: { stroke: colour, lineWidth: 1.5 } };
      },
    };
  }

  // Least and greatest position of all series; bars need half a step more.
  function reach(series) {
    let [least, most] = [Infinity, -Infinity];
    for (const s of series) {
      const half = s.style === "bar" ? (s.x.length > 1 ? (s.x[1] - s.x[0]) / 2 : 0.5) : 0;
      for (const x of s.x) [least, most] = [Math.min(least, x - half), Math.max(most, x + half)];
    }
    if (series.some((s) => s.style === "points")) {
      const rim = (most - least) * 0.04;
      return [least - rim, most + rim];
    }
    return isFinite(least) ? [least, most] : [0, 1];
  }

  function lines(spec, theme, size) {
    const time = spec.axis.type === "time";
    const count = spec.panels.length;
    const [top, bottom, gap] = [30, 46, 44];
    const each = (size.height - top - bottom - gap * (count - 1)) / count;
    const grid = spec.panels.map((_, i) => ({ left: 62, right: 18, top: top + i * (each + gap), height: each }));
    const base = axisLook(theme);
    // One range for all panels, so that a point lies below the same point of another panel.
    const [least, most] = reach(spec.series);
    const label = { ...base.axisLabel, formatter: time ? day : format };
    const xAxis = spec.panels.map((_, i) => ({
      ...base, type: time ? "time" : "value", gridIndex: i, min: least, max: most, splitLine: { show: false },
      axisLabel: { ...label, show: i === count - 1 },
      name: i === count - 1 ? (time ? spec.axis.name : named(spec.axis.name, spec.axis.unit)) : "",
      nameLocation: "middle", nameGap: 28,
    }));
    const yAxis = spec.panels.map((panel, i) => ({
      ...base, type: "value", max: panel.unit === "%" && panel.zero ? (v) => (v.max > 80 && v.max <= 100.001 ? 100 : null) : null, gridIndex: i, scale: !panel.zero, name: named(panel.name, panel.unit), nameLocation: "end",
      nameTextStyle: { ...base.nameTextStyle, align: "left", padding: [0, 0, 2, -54] }, splitNumber: count > 1 ? 3 : 5,
      axisLabel: { ...base.axisLabel, formatter: format }, ...(panel.range && { min: panel.range[0], max: panel.range[1] }),
    }));
    const series = [];
    for (const s of spec.series) {
      const colour = theme.palette[s.colour];
      const common = { name: s.name, xAxisIndex: s.panel, yAxisIndex: s.panel, itemStyle: { color: colour }, emphasis: { disabled: true } };
      const data = s.x.map((x, i) => [x, s.y[i]]);
      if (s.low) {
        const points = s.x.map((x, i) => [x, s.low[i], s.high[i]]);
        series.push(s.style === "points" ? whiskerSeries(s, points, colour) : bandSeries(s, points, colour));
      }
      if (s.style === "bar") {
        series.push({ ...common, type: "bar", stack: `bars ${s.panel}`, barCategoryGap: "8%", large: false, data });
      } else if (s.style === "points") {
        series.push({ ...common, type: "scatter", symbolSize: 9, data });
      } else {
        const area = s.style === "area";
        const few = data.length <= 12 && !time;
        series.push({
          ...common, type: "line", z: 3, showSymbol: few, symbolSize: 7, step: s.style === "step" ? "end" : false,
          stack: area ? `areas ${s.panel}` : undefined, areaStyle: area ? { opacity: 0.75, color: colour } : undefined,
          lineStyle: { width: area ? 0 : 2, color: colour }, data,
        });
      }
    }
    const unitOf = new Map(spec.series.map((s) => [s.name, spec.panels[s.panel].unit]));
    const bandOf = new Map(spec.series.filter((s) => s.low).map((s) => [s.name, s]));
    const tip = (items) => {
      const shown = [].concat(items).filter((p) => p.seriesType !== "custom");
      if (!shown.length) return "";
      const x = shown[0].value[0];
      const head = time ? clock.format(x) : `${escape(spec.axis.name)}: ${withUnit(x, spec.axis.unit)}`;
      const rows = shown.map((p) => {
        const band = bandOf.get(p.seriesName);
        const ends = band ? ` (${format(band.low[p.dataIndex])} to ${format(band.high[p.dataIndex])})` : "";
        return `${swatch(p.color)}${escape(p.seriesName)}: <b>${escape(withUnit(p.value[1], unitOf.get(p.seriesName)))}</b>${ends}`;
      });
      return [`<b>${head}</b>`, ...rows].join("<br>");
    };
    const points = spec.series.some((s) => s.style === "points");
    return {
      useUTC: true, grid, xAxis, yAxis, series,
      tooltip: tooltip(theme, { trigger: points ? "item" : "axis", formatter: tip }),
      axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: theme.soft }, label: { show: false } },
      dataZoom: [zoom({ xAxisIndex: spec.panels.map((_, i) => i) })],
    };
  }

  // Longest category name that leaves room for the bars.
  const cut = (width) => (name) => {
    const most = Math.max(8, Math.floor(width / 28));
    return name.length > most ? name.slice(0, most - 1) + "\u2026" : name;
  };

  function bars(spec, theme, size) {
    const base = axisLook(theme);
    return {
      grid: { left: 12, right: 24, top: 12, bottom: 34, containLabel: true },
      xAxis: { ...base, type: "value", name: spec.unit ? `[${spec.unit}]` : "", nameLocation: "middle", nameGap: 28, axisLabel: { ...base.axisLabel, formatter: format } },
      yAxis: { ...base, type: "category", inverse: true, data: spec.categories, splitLine: { show: false }, axisLabel: { ...base.axisLabel, formatter: cut(size.width), interval: 0 } },
      series: spec.series.map((s) => ({
        type: "bar", name: s.name, stack: spec.stacked ? "all" : undefined, barMaxWidth: 22, emphasis: { disabled: true },
        itemStyle: { color: theme.palette[s.colour] }, data: s.values,
      })),
      tooltip: tooltip(theme, {
        trigger: "axis", axisPointer: { type: "shadow" },
        formatter: (items) => [`<b>${escape(items[0].name)}</b>`, ...items.filter((p) => p.value !== null && p.value !== undefined && !isNaN(p.value))
          .map((p) => `${swatch(p.color)}${escape(p.seriesName)}: <b>${escape(withUnit(p.value, spec.unit))}</b>`)].join("<br>"),
      }),
      dataZoom: [zoom({ yAxisIndex: 0 })],
    };
  }

  function intervals(spec, theme, size) {
    const base = axisLook(theme);
    const rows = spec.rows;
    const data = rows.map((r, i) => [r.values[0], i, r.values[1], r.values[2]]);
    const zero = { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: theme.text, type: "dashed", width: 1 }, data: [{ xAxis: 0 }] };
    return {
      grid: { left: 12, right: 24, top: 10, bottom: 34, containLabel: true },
      xAxis: { ...base, type: "value", scale: !spec.zero, name: spec.unit ? `[${spec.unit}]` : "", nameLocation: "middle", nameGap: 28, boundaryGap: ["6%", "6%"], axisLabel: { ...base.axisLabel, formatter: format } },
      yAxis: { ...base, type: "category", inverse: true, data: rows.map((r) => r.name), splitLine: { show: true, lineStyle: { color: theme.line, type: "dotted" } }, axisLabel: { ...base.axisLabel, color: theme.text, formatter: cut(size.width), interval: 0 } },
      series: [{
        type: "custom", name: "interval", clip: true, data, encode: { x: [0, 2, 3], y: 1 }, markLine: spec.zero ? zero : undefined,
        renderItem(params, api) {
          const [mean, row, low, high] = [0, 1, 2, 3].map((d) => api.value(d));
          if (isNaN(mean)) return null;
          const colour = theme.palette[rows[row].colour];
          const [x, y] = api.coord([mean, row]);
          const parts = [{ type: "circle", shape: { cx: x, cy: y, r: 5.5 }, style: { fill: colour } }];
          if (!isNaN(low) && !isNaN(high)) {
            const [a, b] = [api.coord([low, row])[0], api.coord([high, row])[0]];
            for (const shape of [{ x1: a, y1: y, x2: b, y2: y }, { x1: a, y1: y - 6, x2: a, y2: y + 6 }, { x1: b, y1: y - 6, x2: b, y2: y + 6 }]) {
              parts.push({ type: "line", shape, style: { stroke: colour, lineWidth: 2.5 } });
            }
          }
          return { type: "group", children: parts };
        },
      }],
      tooltip: tooltip(theme, {
        trigger: "item",
        formatter: (p) => {
          const row = rows[p.value[1]];
          const [mean, low, high] = row.values;
          return `<b>${escape(row.name)}</b><br>${escape(withUnit(mean, spec.unit))}` + (low === null ? "" : `<br>${format(low)} to ${escape(withUnit(high, spec.unit))}`);
        },
      }),
      dataZoom: [zoom({ xAxisIndex: 0 })],
    };
  }

  // Kilometres east and north of the centre: at the scale of a city a plane is accurate enough.
  function map(spec, theme, size) {
    const base = axisLook(theme);
    const all = spec.layers.flatMap((l) => l.lat.map((lat, i) => [lat, l.lon[i]]));
    const range = (i) => [Math.min(...all.map((p) => p[i])), Math.max(...all.map((p) => p[i]))];
    const [lats, lons] = [range(0), range(1)];
    const middle = [(lats[0] + lats[1]) / 2, (lons[0] + lons[1]) / 2];
    const KM = 111.195; // one degree on a sphere of radius 6,371 km
    const across = Math.cos((middle[0] * Math.PI) / 180);
    const place = (lat, lon) => [(lon - middle[1]) * KM * across, (lat - middle[0]) * KM];
    const box = { left: 48, right: 18, top: 24, bottom: 46 };
    const [w, h] = [size.width - box.left - box.right, size.height - box.top - box.bottom];
    // The same scale on both axes.
    const half = place(lats[1], lons[1]).map((km) => Math.max(km, 0.2) * 1.08);
    const scale = Math.max(half[0] / w, half[1] / h);
    const [east, north] = [scale * w, scale * h];
    const first = core(spec, place, [east, north]);
    const axis = (name, km) => ({ ...base, type: "value", min: -km, max: km, name, nameGap: 26, axisLine: { ...base.axisLine, onZero: false }, splitLine: { lineStyle: { color: theme.line, opacity: 0.6 } },
      axisLabel: { ...base.axisLabel, formatter: format, showMinLabel: false, showMaxLabel: false } });
    const series = spec.layers.map((layer) => {
      const most = Math.max(...layer.value.map((v) => v || 0), 1e-9);
      const colour = theme.palette[layer.colour];
      return {
        type: "scatter", name: layer.name, symbol: layer.shape, emphasis: { disabled: true }, z: layer.shape === "circle" ? 2 : 3,
        itemStyle: { color: colour, opacity: layer.shape === "circle" ? 0.5 : 0.95, borderColor: theme.ground, borderWidth: layer.shape === "circle" ? 0 : 0.8 },
        symbolSize: (value) => (value[2] === null ? layer.largest * 0.8 : Math.max(layer.shape === "circle" ? 3 : 5, layer.largest * Math.sqrt(value[2] / most))),
        data: layer.lat.map((lat, i) => [...place(lat, layer.lon[i]), layer.value[i], i]),
      };
    });
    return {
      grid: box, xAxis: { ...axis("km east", east), nameLocation: "middle" }, yAxis: { ...axis("km north", north), nameLocation: "end", nameGap: 8, nameTextStyle: { ...base.nameTextStyle, align: "left", padding: [0, 0, 0, -36] } }, series,
      tooltip: tooltip(theme, {
        trigger: "item",
        formatter: (p) => {
          const layer = spec.layers[p.seriesIndex];
          const i = p.value[3];
          const at = `${layer.lat[i].toFixed(4)}, ${layer.lon[i].toFixed(4)}`;
          const value = layer.value[i] === null ? "" : `<br>${escape(withUnit(layer.value[i], layer.size))}`;
          return `<b>${escape(layer.names[i] || at)}</b>${value}<br>${escape(layer.notes[i])}${layer.names[i] ? `<br>${at}` : ""}`;
        },
      }),
      dataZoom: [{ ...zoom({ xAxisIndex: 0 }), ...first[0] }, { ...zoom({ yAxisIndex: 0 }), ...first[1] }],
    };
  }

  // Initial window of a map, in percent of its axes: all buildings, and the places of all requests except the
  // outermost of 200 on each side. Zooming out shows the rest.
  function core(spec, place, ends) {
    const points = spec.layers.flatMap((layer) => layer.lat.map((lat, i) => ({
      at: place(lat, layer.lon[i]), weight: layer.shape === "circle" ? layer.value[i] : 0, stays: layer.shape !== "circle",
    })));
    const total = points.reduce((sum, p) => sum + p.weight, 0);
    const spans = [0, 1].map((axis) => {
      let [sum, low, high] = [0, Infinity, -Infinity];
      for (const p of [...points].sort((a, b) => a.at[axis] - b.at[axis])) {
        const before = sum;
        sum += p.weight;
        const inside = sum > 0.005 * total && before < 0.995 * total;
        if (p.stays || (p.weight > 0 && inside)) [low, high] = [Math.min(low, p.at[axis]), Math.max(high, p.at[axis])];
      }
      return [low, high];
    });
    // The same share of both axes, so that the scale stays equal.
    const parts = spans.map(([low, high], axis) => ((high - low) * 1.16) / (2 * ends[axis]));
    const part = Math.min(1, Math.max(0.02, ...parts));
    return spans.map(([low, high], axis) => {
      const middle = ((low + high) / 2 + ends[axis]) / (2 * ends[axis]);
      const start = Math.min(Math.max(middle - part / 2, 0), 1 - part);
      return { start: 100 * start, end: 100 * (start + part) };
    });
  }

  const KINDS = { lines, bars, intervals, map };
  let chosen = 0; // point of a study

  // One chart on the page.
  function Chart(figure, spec) {
    const plot = figure.querySelector(".plot");
    const legend = figure.querySelector(".legend");
    const title = figure.querySelector("h3").textContent;
    const chart = echarts.init(plot, null, { renderer: "canvas" });
    const hidden = new Set();
    let first = []; // initial zooms
    const present = () => (spec.kind === "choice" ? spec.of[Math.min(chosen, spec.of.length - 1)] : spec);

    function option(size, theme) {
      const now = present();
      const made = KINDS[now.kind](now, theme, size);
      const names = [...new Set(made.series.map((s) => s.name))];
      return {
        animation: false, textStyle: { fontFamily: FONT }, ...made,
        legend: { show: false, data: names, selected: Object.fromEntries(names.map((n) => [n, !hidden.has(n)])) },
      };
    }

    function drawLegend(theme) {
      const now = present();
      const entries = new Map((now.series || now.layers || []).map((s) => [s.name, theme.palette[s.colour]]));
      legend.replaceChildren();
      if (now.kind === "intervals" || entries.size === 0) return;
      for (const [name, colour] of entries) {
        const button = document.createElement("button");
        button.type = "button";
        button.setAttribute("aria-pressed", String(!hidden.has(name)));
        button.title = "Show or hide";
        const mark = document.createElement("i");
        mark.style.background = colour;
        button.append(mark, name);
        button.addEventListener("click", () => {
          hidden.has(name) ? hidden.delete(name) : hidden.add(name);
          button.setAttribute("aria-pressed", String(!hidden.has(name)));
          chart.dispatchAction({ type: "legendToggleSelect", name });
        });
        legend.append(button);
      }
    }

    function draw() {
      const theme = look();
      const size = { width: plot.clientWidth, height: plot.clientHeight };
      chart.resize();
      const made = option(size, theme);
      first = made.dataZoom;
      chart.setOption(made, { notMerge: true });
      drawLegend(theme);
    }

    function zoomBy(factor) {
      const zooms = chart.getOption().dataZoom;
      chart.dispatchAction({
        type: "dataZoom",
        batch: zooms.map((z, dataZoomIndex) => {
          const [middle, half] = [(z.start + z.end) / 2, ((z.end - z.start) / 2) * factor];
          if (half >= 50) return { dataZoomIndex, start: 0, end: 100 };
          const start = Math.min(Math.max(middle - half, 0), 100 - 2 * half);
          return { dataZoomIndex, start, end: start + 2 * half };
        }),
      });
    }

    // The picture with its title and legend, at a fixed size, in the colours of the page.
    function save() {
      const theme = look();
      const size = { width: 1100, height: plot.clientHeight + 96 };
      const box = document.createElement("div");
      box.style.cssText = `position:fixed;left:-9999px;top:0;width:${size.width}px;height:${size.height}px`;
      document.body.append(box);
      const copy = echarts.init(box, null, { renderer: "canvas" });
      const made = option({ width: size.width, height: plot.clientHeight }, theme);
      const lower = (grid) => ({ ...grid, top: grid.top + 84, ...(grid.height ? {} : { bottom: grid.bottom + 12 }) });
      made.grid = Array.isArray(made.grid) ? made.grid.map(lower) : lower(made.grid);
      made.title = { text: title, left: 14, top: 10, textStyle: { color: theme.text, fontSize: 18 } };
      made.legend = { ...made.legend, show: present().kind !== "intervals", top: 40, left: 12, icon: "roundRect", textStyle: { color: theme.text } };
      const shown = chart.getOption().dataZoom;
      made.dataZoom = made.dataZoom.map((z, i) => ({ ...z, start: shown[i].start, end: shown[i].end }));
      copy.setOption(made);
      const link = document.createElement("a");
      link.href = copy.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: theme.ground });
      link.download = `${page.name}-${title}`.toLowerCase().replace(/[^a-z0-9]+/g, "-") + ".png";
      copy.dispose();
      box.remove();
      link.click();
    }

    const does = {
      in: () => zoomBy(0.5), out: () => zoomBy(2), save,
      reset: () => chart.dispatchAction({ type: "dataZoom", batch: first.map(({ start = 0, end = 100 }, dataZoomIndex) => ({ dataZoomIndex, start, end })) }),
    };
    for (const button of figure.querySelectorAll(".tools button")) {
      button.addEventListener("click", () => does[button.dataset.do]());
    }
    let width = plot.clientWidth;
    new ResizeObserver(() => {
      if (plot.clientWidth !== width) {
        width = plot.clientWidth;
        draw();
      }
    }).observe(plot);
    draw();
    return { draw, chart };
  }

  const drawn = page.charts.map((spec, i) => Chart(document.getElementById(`chart-${i}`), spec));
  const redraw = () => drawn.forEach((chart) => chart.draw());
  onTheme.push(redraw);
  const choice = document.getElementById("choice");
  if (choice) {
    choice.addEventListener("change", () => {
      chosen = Number(choice.value);
      redraw();
    });
  }
})();
