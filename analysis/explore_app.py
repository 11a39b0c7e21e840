"""The page of `explore`, a marimo notebook; what it shows is made in `explore_view`."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="Kinaptic")


@app.cell
def _():
    import html

    import marimo as mo

    from kinaptic.analysis import explore_view as view
    from kinaptic.errors import KinapticError
    from kinaptic.pathways.catalogue import pathway
    from kinaptic.pathways.drug_table import drugs
    from kinaptic.pathways.presets import presets

    return KinapticError, drugs, html, mo, pathway, presets, view


@app.cell
def _(drugs, mo, presets, view):
    usual = view.Settings()
    slider = {"debounce": True, "show_value": True, "full_width": True}
    preset = mo.ui.dropdown(
        list(presets()),
        value=mo.cli_args().get("preset") or usual.preset,
        allow_select_none=False,
        label="synapse",
        full_width=True,
    )
    delay = mo.ui.slider(-100, 100, value=usual.delay, label="delay, post after pre (ms)", **slider)
    rate = mo.ui.slider(steps=view.rates(), value=usual.rate, label="rate (Hz)", **slider)
    pairs = mo.ui.slider(1, view.MOST_PAIRS, value=usual.pairs, label="pairs", **slider)
    distance = mo.ui.slider(
        10, 300, step=5, value=usual.distance, label="distance from the soma (µm)", **slider
    )
    drug = mo.ui.dropdown(
        {"none": ""} | {f"{name}: {entry.title}": name for name, entry in drugs().items()},
        value="none",
        allow_select_none=False,
        label="drug",
        full_width=True,
    )
    return delay, distance, drug, pairs, preset, rate, slider


@app.cell
def _(drug, mo, slider, view):
    if drug.value:
        steps, start, unit = view.doses(drug.value)
        dose = mo.ui.slider(
            steps=steps, value=start, label=f"dose ({view.shown(unit)}), usual {start:g}", **slider
        )
    else:
        dose, unit = mo.Html(""), ""
    return dose, unit


@app.cell
def _(mo, pathway, preset, presets):
    switches = mo.ui.dictionary(
        {
            name: mo.ui.switch(value=True, label=f'<span title="{pathway(name).title}">{name}</span>')
            for name in presets()[preset.value].pathways
        }
    )
    return (switches,)


@app.cell
def _(delay, distance, dose, drug, pairs, preset, rate, switches, unit, view):
    settings = view.Settings(
        preset=preset.value,
        delay=delay.value,
        rate=rate.value,
        pairs=pairs.value,
        distance=distance.value,
        drug=drug.value,
        dose=f"{dose.value:g} {unit}" if drug.value else "",
        without=tuple(name for name, there in switches.value.items() if not there),
    )
    return (settings,)


@app.cell
def _(KinapticError, html, view):
    def numbers(settings):
        """Return the weight, large, and what it is made of."""
        found = view.numbers(settings)
        names = {"W_pre": "presynaptic, n·p", "W_post": "postsynaptic, q"}
        parts = [f"{name} <b>{found[key]:.3f}</b>" for key, name in names.items() if key in found]
        if settings != settings.control:
            parts.append(f"control <b>{found['control']:.3f}</b>")
        if "Ca" in found:
            parts.append(f"peak calcium <b>{found['Ca']:.2f} µM</b>")
        return (
            f'<div class="kn-numbers"><output id="kn-weight">{found["weight"]:.3f}</output>'
            f"<div><small>weight {view.AFTER} min after the pairings, relative to the baseline</small>"
            f"{''.join(f'<span>{part}</span>' for part in parts)}</div></div>"
        )

    def result(settings):
        """Return numbers and charts, or what Kinaptic has to say against these settings."""
        try:
            heading, charts = numbers(settings), view.charts(settings)
        except KinapticError as why:
            return f'<div class="kn-error" role="alert">{html.escape(str(why))}</div>'
        pictures = [f'<img alt="{name}" src="{address}">' for name, address in charts.items()]
        small = len(view.ENZYMES)
        return (
            f'{heading}<div class="kn-large">{"".join(pictures[:-small])}</div>'
            f'<div class="kn-small">{"".join(pictures[-small:])}</div>'
        )

    return (result,)


@app.cell
def _():
    # On a narrow screen the weight stays on top, and the charts come right after the sliders.
    STYLE = """<style>
    .kn { display: grid; grid-template-columns: minmax(250px, 300px) minmax(0, 1fr); gap: 12px 32px; }
    .kn h1 { font-size: 1.3rem; margin: 0; }
    .kn-sliders, .kn-genes, .kn-controls { display: flex; flex-direction: column; gap: 12px; }
    .kn-switches { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 8px; font-size: 0.8rem; }
    .kn-numbers { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 18px; }
    .kn-numbers output { font-size: 3.2rem; line-height: 1.1; font-variant-numeric: tabular-nums; }
    .kn-numbers small { display: block; font-size: 0.9rem; opacity: 0.75; }
    .kn-numbers span { display: inline-block; margin-right: 16px; }
    .kn img { width: 100%; background: #fff; margin: 0; }
    .kn-large, .kn-small { display: grid; gap: 8px; margin-top: 8px; }
    .kn-large { grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); }
    .kn-small { grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); }
    .kn-error { border-left: 4px solid #D55E00; padding: 10px 16px; font-size: 1.1rem; }
    .kn-code pre { white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; font-size: 0.85rem; }
    .kn-code pre { background: rgb(127 127 127 / 0.12); padding: 10px 14px; margin: 4px 0; }
    @media (max-width: 800px) {
      .kn { display: flex; flex-direction: column; }
      .kn-controls, .kn-result { display: contents; }
      .kn-numbers { position: sticky; top: 0; z-index: 1; background: var(--background, #fff); order: -1; }
      .kn-numbers output { font-size: 2.2rem; }
      .kn h1 { display: none; }
      .kn-error, .kn-busy { order: -1; }
      .kn-genes { order: 1; }
      .kn-small { order: 2; }
      .kn-code { order: 3; }
    }
    </style>"""
    return (STYLE,)


@app.cell
def _(STYLE, delay, distance, dose, drug, html, mo, pairs, preset, rate, result, settings, switches, view):
    def laid_out(shown):
        """Return the page with something in the place of the result."""
        there = "".join(f"{each}" for each in switches.elements.values())
        return mo.Html(
            f"""{STYLE}<div class="kn"><div class="kn-controls">
            <div class="kn-sliders"><h1>Kinaptic</h1>{preset}{delay}{rate}{pairs}{distance}{drug}{dose}</div>
            <div class="kn-genes">pathways; one switched off is knocked out
            <div class="kn-switches">{there}</div></div></div>
            <div class="kn-result">{shown}
            <div class="kn-code">the same in Python; a click selects it
            <pre>{html.escape(view.code(settings))}</pre></div></div></div>"""
        )

    if view.is_new(settings):
        busy = "Building the model of these pathways, which takes some seconds the first time …"
        mo.output.replace(laid_out(f'<div class="kn-busy" role="status">{busy}</div>'))
    laid_out(result(settings))
    return


if __name__ == "__main__":
    app.run()
