"use strict";
// What every page does: draw its figures in the colours of the theme, again when the theme changes or the page is printed.
const wattnas = (() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const figures = new Map(); // element -> figure as it was given
  const root = document.documentElement;
  let ready = false; // whether Plotly is there
  const config = { displayModeBar: false, doubleClick: false, showTips: false };

  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // A text as Plotly draws it letter by letter.
  const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  // Colours are given as names of CSS variables; nothing but what stands at a key "...color" is one.
  const themed = (value, key = "") => {
    if (Array.isArray(value)) return value.map((entry) => themed(entry, key));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, themed(entry, name)]));
    }
    return typeof value === "string" && key.endsWith("color") && value.startsWith("--") ? css(value) : value;
  };

  const template = () => {
    const axis = { gridcolor: css("--grid"), linecolor: css("--muted"), zeroline: false, automargin: true,
      tickfont: { color: css("--ink") }, title: { standoff: 8 }, fixedrange: true };
    return { layout: {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false,
      font: { family: 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif', size: 12, color: css("--ink") },
      margin: { l: 48, r: 14, t: 10, b: 40 }, xaxis: axis, yaxis: axis,
      hoverlabel: { bgcolor: css("--page"), bordercolor: css("--muted"), font: { color: css("--ink") }, align: "left" },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
    } };
  };

  const draw = (element, figure) => {
    figures.set(element, figure);
    if (!ready) return null;
    const drawn = themed(figure);
    const size = root.classList.contains("paper") ? { width: element.closest(".figures") ? 320 : 660 } : {};
    const layout = { ...drawn.layout, template: template(), autosize: true, ...size };
    if (layout.height) element.style.minHeight = `${layout.height}px`;
    return Plotly.react(element, drawn.data, layout, config);
  };

  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

  // Plotly is a megabyte of script, so the words and controls are painted first; then it starts, and the figures are drawn
  // one a frame, in the order in which they stand. The page's policy knows the script by its hash.
  const startPlotly = () => {
    if (ready) return;
    const script = document.createElement("script");
    script.textContent = document.getElementById("plotly").textContent;
    document.body.append(script);
    ready = true;
  };

  const first = async () => {
    await frame();
    startPlotly();
    for (const element of [...figures.keys()]) {
      await frame();
      draw(element, figures.get(element));
    }
  };

  const redraw = () => figures.forEach((figure, element) => draw(element, figure));

  const onPaper = (is) => {
    root.classList.toggle("paper", is);
    startPlotly();
    redraw();
  };

  // The gates, epoch by epoch: a slider that swaps the values of the heat map.
  const gates = ({ epochs, values }) => {
    const plot = document.getElementById("plot-gates");
    const slider = document.getElementById("gates-epoch");
    const show = () => {
      const figure = figures.get(plot);
      const text = `epoch ${epochs[slider.value]}`;
      document.getElementById("gates-epoch-text").textContent = text;
      slider.setAttribute("aria-valuetext", text);
      draw(plot, { ...figure, data: [{ ...figure.data[0], z: values[slider.value] }] });
    };
    slider.addEventListener("input", show);
  };

  const start = () => {
    for (const [key, figure] of Object.entries(data.charts)) draw(document.getElementById(`plot-${key}`), figure);
    if (data.gates) gates(data.gates);
    page.drawn = first();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    addEventListener("beforeprint", () => onPaper(true));
    addEventListener("afterprint", () => onPaper(false));
    let waiting = 0;
    addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(redraw, 120);
    });
  };

  const page = { data, draw, drawn: null, plain, start }; // drawn: a promise, kept when the first drawing is done
  return page;
})();
wattnas.start();
