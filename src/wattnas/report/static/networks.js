"use strict";
// Networks side by side, in the manner of figures 6 and 7 of Ozawa et al.: input on top, one block per layer.
wattnas.networks = (() => {
  const ROW = 17; // pixels of the flattest block

  // Height grows with the logarithm of the resolution, width with the square root of the channels.
  const height = (block) => 0.75 + 0.25 * Math.log2(Math.max(2, block.size || 2));
  const width = (block, widest) => 0.92 * Math.sqrt((block.channels || widest / 3) / widest);

  const marker = (look) => ({
    color: look.outlined ? "--grid" : look.fill,
    line: { color: look.outlined ? "--muted" : "--page", width: 1 },
    pattern: look.stripe ? { shape: "/", fillmode: "overlay", fgcolor: look.stripe, fgopacity: 0.9, size: 7, solidity: 0.35 } : { shape: "" },
  });

  const figure = (networks, looks) => {
    const blocks = networks.flatMap((network, column) => {
      let top = 0;
      return network.blocks.map((block) => {
        const placed = { ...block, column, base: top, height: height(block) };
        top += placed.height + 0.12;
        return placed;
      });
    });
    const widest = Math.max(...blocks.map((block) => block.channels || 1));
    const names = Object.keys(looks).filter((name) => blocks.some((block) => block.look === name));
    const traces = names.map((name) => {
      const own = blocks.filter((block) => block.look === name);
      return {
        type: "bar", name: wattnas.plain(name), showlegend: !looks[name].end, marker: marker(looks[name]),
        x: own.map((block) => block.column), y: own.map((block) => block.height), base: own.map((block) => block.base),
        width: own.map((block) => width(block, widest)), text: own.map((block) => wattnas.plain(block.name)),
        textposition: "inside", insidetextanchor: "middle", textangle: 0, constraintext: "none",
        textfont: { color: looks[name].outlined ? "--ink" : looks[name].ink, size: 11, family: 'ui-monospace, "DejaVu Sans Mono", Menlo, monospace' },
        hovertext: own.map((block) => block.text), hoverinfo: "text",
      };
    });
    const first = blocks.filter((block) => block.column === 0);
    const bottom = Math.max(...blocks.map((block) => block.base + block.height));
    return { data: traces, layout: {
      barmode: "overlay", hovermode: "closest", height: 90 + ROW * bottom, margin: { l: 34, r: 8, t: 10, b: 10 },
      xaxis: { side: "top", range: [-0.5, networks.length - 0.5], showgrid: false, tickvals: networks.map((_, i) => i),
        ticktext: networks.map((network) => wattnas.plain(network.name)), ticks: "" },
      yaxis: { range: [bottom + 0.2, -0.2], showgrid: false,
        tickvals: first.map((block) => block.base + block.height / 2), ticktext: first.map((block) => block.tick) },
      legend: { orientation: "h", x: 0, y: 0, yanchor: "top", xanchor: "left" },
    } };
  };

  // A check box per network that can stand beside the first.
  const chooser = (box, beside, changed) => {
    const chosen = new Set(innerWidth > 900 ? beside.slice(0, 6) : []);
    beside.forEach((network, index) => {
      const label = document.createElement("label");
      const check = document.createElement("input");
      check.type = "checkbox";
      check.id = `${box.id}-${index}`;
      check.checked = chosen.has(network);
      check.addEventListener("change", () => {
        if (check.checked) chosen.add(network);
        else chosen.delete(network);
        changed();
      });
      label.append(check, network.note ? `${network.name} (${network.note})` : network.name);
      box.append(label);
    });
    box.hidden = beside.length === 0;
    return () => beside.filter((network) => chosen.has(network));
  };

  // Returns a function that draws another first network.
  const show = (plot, box, own, beside, looks) => {
    let first = own;
    let picked = () => [];
    const paint = () => {
      const all = [first, ...picked()];
      // Names fit only into blocks that are wide enough; colours and the table name all.
      const fits = plot.clientWidth / all.length > 230;
      const drawn = figure(all, looks);
      if (!fits) drawn.data.forEach((trace) => { trace.textposition = "none"; });
      wattnas.draw(plot, drawn);
    };
    picked = chooser(box, beside, paint);
    paint();
    return (network) => {
      first = network;
      paint();
    };
  };

  const given = wattnas.data.networks;
  if (given) show(document.getElementById("plot-networks"), document.getElementById("beside"), ...given.all, given.looks);
  return { show };
})();
