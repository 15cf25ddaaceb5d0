"""The style of a report's page, beside that of all pages; its colours can be told apart by all (Okabe and Ito)."""

STYLE = """\
:root { --k0: #0072b2; --k1: #b85c00; --k2: #00795a; --k3: #a6427f; --k4: #5a6470; --k5: #8a6d00; --found: #9b3d00; }
@media (prefers-color-scheme: dark) { :root { --k0: #56b4e9; --k1: #e69f00; --k2: #2fc59b; --k3: #e08fc0; --k4: #b4bec8;
  --k5: #f0e442; --found: #ffb27a; } }
html { scroll-behavior: smooth; }
body { padding-bottom: 4rem; }
header { border-bottom: 3px solid var(--k0); margin-bottom: 1rem; } header p { margin-top: 0; }
h1 { font-size: 2rem; margin-bottom: .3rem; } h2 { font-size: 1.4rem; } h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
section { scroll-margin-top: 1rem; }
nav ol { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; padding: 0; font-size: .95rem; }
a { color: var(--k0); } a:focus-visible, summary:focus-visible { outline: 3px solid var(--k1); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; } .skip:focus { position: static; }
.told { font-size: 1.15rem; padding-left: 1.2rem; } .told li { margin: .3rem 0; }
.mark { background: var(--soft); color: inherit; border-color: var(--k1); }
.soft { color: color-mix(in srgb, currentColor 78%, var(--back)); font-weight: 400; }
.found { color: var(--found); font-weight: 600; }
table { font-size: .9rem; } table.shares { width: 100%; margin: 1rem 0 2rem; }
caption { text-align: left; font-weight: 600; font-size: 1.05rem; padding: .4rem 0; }
th[scope=row] { font-weight: 500; white-space: nowrap; } table.shares th, table.shares td { vertical-align: middle; }
td.chart { width: 50%; min-width: 8rem; padding-right: 1.2rem; }
svg.row, svg.bar { width: 100%; max-width: none; overflow: visible; }
svg.row > line { stroke-width: 3; stroke-linecap: round; }
svg .axis, svg.row > line.axis { stroke: var(--grid); stroke-width: 1; fill: none; }
.beyond { font-size: .75rem; fill: var(--fore); }
.k0 { stroke: var(--k0); fill: var(--k0); } .k1 { stroke: var(--k1); fill: var(--k1); }
.k2 { stroke: var(--k2); fill: var(--k2); } .k3 { stroke: var(--k3); fill: var(--k3); }
.k4 { stroke: var(--k4); fill: var(--k4); } .k5 { stroke: var(--k5); fill: var(--k5); }
svg svg { stroke-width: 1.5; } .hollow { fill: var(--back); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; }
.legend svg { display: inline-block; width: 16px; margin-right: .4rem; max-width: none; vertical-align: middle; }
.times { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: 1rem; }
figure { margin: 0; } figcaption { font-size: .9rem; min-height: 1.5em; }
svg.time { max-width: none; color: var(--k4); } svg.time text { font-size: 9px; fill: var(--fore); }
svg.time polyline { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
svg.time polygon { fill: currentColor; opacity: .22; } svg.time.found { color: var(--found); font-weight: 400; }
details { border: 1px solid var(--grid); border-radius: .5rem; margin: .5rem 0; padding: .5rem .9rem; }
summary { cursor: pointer; }
.words { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; padding: 0; }
.words li { background: var(--soft); border: 1px solid var(--grid); border-radius: 1rem; padding: .1rem .7rem; }
td.said { white-space: normal; }
.texts { padding-left: 1.1rem; overflow-wrap: anywhere; } .texts li { margin: .3rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: .7rem; }
#method li { overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  td.chart { width: 30%; min-width: 4rem; padding-right: .6rem; } table.shares { font-size: .76rem; }
  table.shares thead { display: none; } h1 { font-size: 1.5rem; }
  #groups table.shares, #groups tbody, #groups tr, #groups th, #groups td { display: block; width: auto; }
  #groups tr { border-bottom: 1px solid var(--grid); padding: .4rem 0; }
  #groups th, #groups td { border: 0; } }
@media print { nav, .skip { display: none; } body { max-width: none; font-size: 10pt; } h2 { break-after: avoid; }
  figure, tr, details { break-inside: avoid; } details:not([open]) { display: none; } a { color: inherit; } }
"""
