"use strict";
// The front explorer: sliders pick the cheapest network that meets what is asked.
(() => {
  const { networks, bounds, texts, axes, logAxes, names, layers, layerCosts, looks } = wattnas.data.explorer;
  const element = (id) => document.getElementById(id);
  const own = networks.filter((network) => network.command !== undefined);
  const value = (network, key) => network.numbers[key]?.value;
  let chosen = null; // the network that is shown

  // What is asked for

  const asked = () => {
    const limits = {};
    for (const [key, stops] of Object.entries(bounds)) limits[key] = stops[element(`bound-${key}`).value];
    return { limits, sure: element("sure").checked, cost: element("minimize").value };
  };

  const meets = (network, { limits, sure }) => Object.entries(limits).every(([key, limit]) => {
    if (limit === null) return true;
    if (key !== "accuracy") return value(network, key) <= limit; // not known: undefined, and false
    const reached = sure ? network.numbers.accuracy.low : network.numbers.accuracy.value;
    return reached !== null && reached >= limit;
  });

  // The cheapest; the more accurate one where two cost the same.
  const cheapest = (candidates, cost) => candidates.filter((network) => value(network, cost) !== undefined).reduce(
    (best, network) => {
      if (!best) return network;
      const less = value(network, cost) - value(best, cost);
      return less < 0 || (less === 0 && value(network, "accuracy") > value(best, "accuracy")) ? network : best;
    }, null);

  // What is shown

  const text = (tag, content, className) => {
    const made = document.createElement(tag);
    made.textContent = content;
    if (className) made.className = className;
    return made;
  };

  const figureRow = (key, number) => {
    const row = document.createElement("tr");
    row.setAttribute("role", "row");
    const name = text("th", names[key]);
    name.scope = "row";
    name.setAttribute("role", "rowheader");
    const shown = text("td", "", "value");
    const exact = text("data", number.text);
    exact.value = String(number.value);
    shown.append(exact);
    const span = text("td", "", "interval");
    span.append(number.interval || text("span", "–", "none"));
    const origin = text("td", "", "origin");
    origin.append(text("span", number.origin, `badge ${number.origin}`));
    row.append(name, shown, span, origin, text("td", number.source, "source"));
    for (const cell of row.querySelectorAll("td")) cell.setAttribute("role", "cell");
    return row;
  };

  const layerRow = (operation, index) => {
    const row = document.createElement("tr");
    const place = text("th", String(index));
    place.scope = "row";
    const { channels, size, notes } = layers[index];
    const cost = layerCosts[index]?.[operation];
    const note = notes[operation] ? `, ${notes[operation]}` : "";
    row.append(place, text("td", operation + note, "word"), text("td", `${channels} × ${size} × ${size}`, "word"));
    for (const from of [0, 2]) {
      const cell = text("td", cost ? `${cost[from]} ` : "–");
      if (cost) cell.append(text("span", cost[from + 1], `badge ${cost[from + 1]}`));
      row.append(cell);
    }
    return row;
  };

  const times = (ratio) => `${ratio >= 10 ? Math.round(ratio) : Number(ratio.toPrecision(2))} times`;

  const words = (network, question) => {
    const { cost } = question;
    const rivals = networks.filter((other) => other.command === undefined && meets(other, question));
    const rival = cheapest(rivals, cost);
    const ratio = rival && value(rival, cost) / value(network, cost);
    const beside = rival && Number.isFinite(ratio)
      ? ` The cheapest reference network that meets the same is ${rival.name}: ${rival.numbers[cost].text}, ${times(ratio)} as much.`
      : rivals.length || isUnbounded(question) ? "" : " No reference network here meets the same.";
    const numbers = `${network.numbers.accuracy.text} right for ${network.numbers[cost]?.text ?? "an unknown cost"}`;
    return `${numbers} (${names[cost].toLowerCase()}).${beside}`;
  };

  const isUnbounded = ({ limits }) => Object.values(limits).every((limit) => limit === null);

  // A bit less, a bit more: the next network on either side.
  const steps = (network, cost) => {
    const here = { cost: value(network, cost), accuracy: value(network, "accuracy") };
    const better = cheapest(own.filter((other) => value(other, "accuracy") > here.accuracy), cost);
    const less = own.filter((other) => value(other, cost) < here.cost);
    const cheaper = less.reduce((best, other) => (!best || value(other, "accuracy") > value(best, "accuracy") ? other : best), null);
    const box = element("steps");
    box.replaceChildren();
    for (const [label, other] of [["Next cheaper", cheaper], ["Next better", better]]) {
      if (!other) continue;
      const points = 100 * (value(other, "accuracy") - here.accuracy);
      const button = text("button", `${label}: ${other.numbers[cost].text}, ${points >= 0 ? "+" : "−"}${Math.abs(points).toFixed(1)} points`);
      button.type = "button";
      button.addEventListener("click", () => {
        show(other);
        element("found-name").focus();
      });
      box.append(button);
    }
  };

  const block = (operation, index) => {
    const { channels, size, notes } = layers[index];
    const cost = layerCosts[index]?.[operation];
    const lines = [`Layer ${index}: ${operation}`, `${channels} × ${size} × ${size}${notes[operation] ? `, ${notes[operation]}` : ""}`];
    if (cost) lines.push(`${cost[0]} ${cost[1]}, ${cost[2]} ${cost[3]}`);
    return { tick: String(index), name: operation, look: operation, channels, size, text: lines.map(wattnas.plain).join("<br>") };
  };

  const drawable = (network) => ({ name: network.name, note: network.group ?? "", blocks: network.architecture.map(block) });

  let drawFirst = null;
  const drawNetwork = (network) => {
    if (!layers.length) return;
    element("plot-networks").closest("figure").hidden = !network.architecture.length;
    if (!network.architecture.length) return;
    const first = drawable(network);
    if (drawFirst) {
      drawFirst(first);
      return;
    }
    const beside = networks.filter((other) => other.command === undefined && other.architecture.length).map(drawable);
    drawFirst = wattnas.networks.show(element("plot-networks"), element("beside"), first, beside, looks);
  };

  const show = (network, question = asked()) => {
    chosen = network;
    const verdict = element("verdict");
    verdict.className = `verdict ${!network ? "bad" : meets(network, question) ? "good" : "open"}`;
    element("found-name").textContent = network ? network.name : "No network here meets that";
    element("found-words").textContent = network
      ? `${meets(network, question) ? "" : "It does not meet what the sliders ask for. "}${words(network, question)}`
      : nearest(question);
    element("figures").replaceChildren(...(network ? Object.entries(network.numbers).map(([key, number]) => figureRow(key, number)) : []));
    element("command").textContent = network ? network.command ?? "A reference network: this sweep has no command for it." : "–";
    element("copied").textContent = "";
    element("copy").disabled = !network?.command;
    element("steps").replaceChildren();
    if (network) {
      steps(network, question.cost);
    }
    element("layers")?.replaceChildren(...(network ? network.architecture.map(layerRow) : []));
    drawSoon();
  };

  // Words and figures change at once; the front with the next frame and the architecture with the one after it, however
  // many changes came before.
  let waiting = false;
  const drawSoon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      drawFront();
      requestAnimationFrame(() => {
        if (chosen && !waiting) drawNetwork(chosen);
      });
    });
  };

  // Which single bound to relax, and how far, so that some network meets the rest.
  const nearest = (question) => {
    const ways = Object.entries(question.limits).filter(([, limit]) => limit !== null).map(([key]) => {
      const rest = { ...question, limits: { ...question.limits, [key]: null } };
      const fit = own.filter((network) => meets(network, rest) && value(network, key) !== undefined);
      if (!fit.length) return null;
      const sign = key === "accuracy" ? -1 : 1;
      const best = fit.reduce((a, b) => (sign * value(b, key) < sign * value(a, key) ? b : a));
      return `${names[key].toLowerCase()} to ${best.numbers[key].text}`;
    }).filter(Boolean);
    return ways.length ? `It would do to relax one of: ${ways.join("; ")}.` : "Relax more than one bound.";
  };

  const pick = () => {
    const question = asked();
    for (const key of Object.keys(bounds)) {
      const slider = element(`bound-${key}`);
      const shown = texts[key][slider.value];
      element(`text-${key}`).textContent = shown;
      slider.setAttribute("aria-valuetext", shown);
    }
    show(cheapest(own.filter((network) => meets(network, question)), question.cost), question);
  };

  // The front

  const marks = ["square", "diamond", "triangle-up", "cross", "x", "star"];
  const colours = ["--vermilion", "--green", "--purple", "--orange", "--olive", "--slate"];

  const dots = (members, x, y) => members.filter((network) => value(network, x) !== undefined && value(network, y) !== undefined);

  const trace = (name, members, x, y, marker) => ({
    type: "scatter", mode: "markers", name, x: members.map((network) => value(network, x)),
    y: members.map((network) => value(network, y)), customdata: members.map((network) => networks.indexOf(network)),
    hovertext: members.map((network) => wattnas.plain(network.name) + [y, x].map((key) => `<br>${names[key]} ${network.numbers[key].text} ${network.numbers[key].origin}`).join("")),
    hoverinfo: "text", marker,
  });

  // The 95 % intervals of the accuracy: one line with gaps, which is drawn much faster than an error bar per network.
  const whiskers = (members, x) => ({
    type: "scatter", mode: "lines", showlegend: false, hoverinfo: "skip", line: { color: "--grid", width: 1 },
    x: members.flatMap((network) => [value(network, x), value(network, x), null]),
    y: members.flatMap(({ numbers: { accuracy } }) => [accuracy.low ?? accuracy.value, accuracy.high ?? accuracy.value, null]),
  });

  // Those that no other beats on both axes; accuracy counts upwards, costs downwards.
  const best = (members, x, y) => {
    const good = (key) => (network) => (key === "accuracy" ? -1 : 1) * value(network, key);
    const [gx, gy] = [good(x), good(y)];
    let low = Infinity;
    return [...members].sort((a, b) => gx(a) - gx(b) || gy(a) - gy(b)).filter((network) => {
      const is = gy(network) < low;
      low = Math.min(low, gy(network));
      return is;
    });
  };

  const goalLine = (x, y, limits) => Object.entries(limits).filter(([key, limit]) => limit !== null && (key === x || key === y)).map(([key, limit]) => {
    const [along, across] = key === y ? ["x", "y"] : ["y", "x"];
    return { type: "line", [`${along}ref`]: "paper", [`${along}0`]: 0, [`${along}1`]: 1, [`${across}0`]: limit, [`${across}1`]: limit,
      line: { color: "--ink", dash: "dot", width: 1.2 } };
  });

  const drawFront = () => {
    const [x, y] = [element("axis-x").value, element("axis-y").value];
    const mine = dots(own, x, y);
    const front = best(mine, x, y);
    const groups = [...new Set(networks.filter((network) => network.group !== undefined).map((network) => network.group))];
    const traces = [
      ...(y === "accuracy" ? [whiskers(mine, x)] : []),
      { type: "scatter", mode: "lines", name: "best of the sweep", x: front.map((n) => value(n, x)), y: front.map((n) => value(n, y)),
        line: { color: "--blue", width: 1.5, shape: y === "accuracy" ? "hv" : "linear" }, hoverinfo: "skip" },
      trace("sweep", mine, x, y, { color: "--blue", size: 8, line: { color: "--page", width: 1 } }),
      ...groups.map((group, index) => trace(wattnas.plain(group), dots(networks.filter((network) => network.group === group), x, y), x, y,
        { color: colours[index % colours.length], symbol: marks[index % marks.length], size: 10, line: { color: "--page", width: 1 } })),
    ];
    if (chosen && dots([chosen], x, y).length) {
      traces.push(trace("shown", [chosen], x, y, { symbol: "circle-open", size: 19, color: "--ink", line: { color: "--ink", width: 2.5 } }));
    }
    const plot = element("plot-front");
    const across = element("log").checked ? logAxes[x] : { ...axes[x], rangemode: "tozero" };
    const fixed = { automargin: false }; // margins that are known need no second layout
    wattnas.draw(plot, { data: traces, layout: { height: 460, hovermode: "closest", showlegend: true, margin: { l: 62, r: 14, t: 10, b: 48 },
      xaxis: { ...across, ...fixed }, yaxis: { ...axes[y], ...fixed }, shapes: goalLine(x, y, asked().limits) } });
  };

  for (const key of Object.keys(bounds)) element(`bound-${key}`).addEventListener("input", pick);
  for (const id of ["sure", "minimize"]) element(id).addEventListener("change", pick);
  for (const id of ["axis-x", "axis-y", "log"]) element(id).addEventListener("change", drawSoon);
  for (const button of document.querySelectorAll("button[data-show]")) {
    button.addEventListener("click", () => {
      show(networks[button.dataset.show]);
      element("answer").scrollIntoView();
      element("found-name").focus();
    });
  }
  element("copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(element("command").textContent);
      element("copied").textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(element("command"));
      element("copied").textContent = "Marked: press Ctrl+C.";
    }
  });
  element("found-name").tabIndex = -1;
  wattnas.drawn.then(() => element("plot-front").on("plotly_click", ({ points }) => {
    const index = points[0].customdata;
    if (index !== undefined) show(networks[index]);
  }));
  // A logarithmic axis has no place for a cost of zero.
  if (networks.some((network) => Object.values(network.numbers).some((number) => number.value === 0))) element("log").checked = false;
  pick();
})();
