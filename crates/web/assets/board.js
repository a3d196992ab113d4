// Draws the board of a trace. Every place was computed by the server; the library only pans, zooms
// and selects. What a piece says is read out below the board; the tables say the same in full.
"use strict";
(() => {
  const holder = document.getElementById("graph");
  if (!holder || typeof cytoscape !== "function") return;
  const READABLE_ZOOM = 0.75;
  const says = document.getElementById("piece");
  const tools = document.querySelector(".board-tools");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const ink = dark ? "#e9ece8" : "#1c2321";
  const faint = dark ? "#77827d" : "#8b918d";
  const faces = dark
    ? { source: ["#381a20", "#ff8f9f"], transaction: ["#1c2220", "#a9b3ae"], reached: ["#173324", "#84d3a0"],
        boundary: ["#33260f", "#f0b45c"], limited: ["#2a2413", "#f0b45c"], unspent: ["#101413", "#77827d"], counted: ["#141817", "#77827d"] }
    : { source: ["#fbe9ec", "#9b1c31"], transaction: ["#ffffff", "#55605c"], reached: ["#e5f3ea", "#24613a"],
        boundary: ["#fdf0dc", "#8a4b00"], limited: ["#fff8e8", "#8a4b00"], unspent: ["#f2f0ea", "#8b918d"], counted: ["#fbfaf7", "#8b918d"] };
  const styles = [
    { selector: "node", style: { shape: "round-rectangle", width: "data(width)", height: "data(height)",
        label: "data(text)", "text-wrap": "wrap", "text-valign": "center", "text-halign": "center", "font-size": 10,
        "font-family": "monospace", color: ink, "border-width": 1.5 } },
    { selector: "edge", style: { width: "data(thick)", "line-color": faint, "curve-style": "bezier",
        "target-arrow-shape": "triangle", "target-arrow-color": faint, opacity: 0.8 } },
    { selector: ":selected", style: { "border-width": 5, "line-color": ink, "target-arrow-color": ink } },
  ];
  for (const [role, [fill, border]] of Object.entries(faces)) {
    const dashes = role === "limited" || role === "counted" ? "dashed" : "solid";
    styles.push({ selector: `node[role = "${role}"]`,
      style: { "background-color": fill, "border-color": border, "border-style": dashes } });
  }
  const graph = cytoscape({ container: holder, style: styles, layout: { name: "preset" },
    minZoom: 0.05, maxZoom: 4, autoungrabify: true, boxSelectionEnabled: false });
  let open = holder.dataset.open;

  // The whole picture where it can be read; else its beginning.
  const begin = () => {
    graph.fit(undefined, 24);
    if (graph.zoom() >= READABLE_ZOOM) return;
    graph.zoom(READABLE_ZOOM);
    const box = graph.elements().boundingBox();
    graph.pan({ x: 24 - box.x1 * READABLE_ZOOM, y: 24 - box.y1 * READABLE_ZOOM });
  };
  const load = async () => {
    const joint = open ? `&open=${encodeURIComponent(open)}` : "";
    const answer = await fetch(holder.dataset.source + joint);
    if (!answer.ok) throw new Error(`board: ${answer.status}`);
    const { pieces, links } = await answer.json();
    graph.elements().remove();
    graph.add(pieces.map((piece) => ({ group: "nodes", data: { id: piece.key, ...piece },
      position: { x: piece.x, y: piece.y } })));
    graph.add(links.map((link) => ({ group: "edges", data: { id: `${link.from} ${link.to}`, source: link.from,
      target: link.to, thick: link.tenths / 10, title: link.amount } })));
    begin();
    tools.hidden = false;
    holder.dataset.pieces = String(pieces.length);
    holder.dataset.links = String(links.length);
  };
  const opened = (span) => {
    open = open ? `${open},${span}` : span;
    history.replaceState(null, "", `${holder.dataset.page}&open=${encodeURIComponent(open)}#board`);
    return load();
  };
  const choose = (element) => {
    graph.elements().unselect();
    element.select();
    says.textContent = element.data("title");
  };
  graph.on("tap", "node, edge", (event) => {
    choose(event.target);
    const span = event.target.data("opens");
    if (span) opened(span);
  });
  tools.addEventListener("click", (event) => {
    const what = event.target.dataset.board;
    const middle = { x: holder.clientWidth / 2, y: holder.clientHeight / 2 };
    if (what === "fit") graph.fit(undefined, 24);
    if (what === "in") graph.zoom({ level: graph.zoom() * 1.4, renderedPosition: middle });
    if (what === "out") graph.zoom({ level: graph.zoom() / 1.4, renderedPosition: middle });
  });
  for (const link of document.querySelectorAll("[data-piece]")) {
    link.addEventListener("click", () => {
      const piece = graph.getElementById(link.dataset.piece);
      if (piece.empty()) return;
      choose(piece);
      graph.animate({ center: { eles: piece }, zoom: 1.1 }, { duration: 150 });
    });
  }
  window.comityBoard = { open: opened, keys: () => graph.nodes().map((node) => node.id()),
    counted: () => graph.nodes("[role = 'counted']").map((node) => node.data("opens")) };
  load().catch((error) => { says.textContent = error.message; });
})();
