"""The colours of everything that is drawn, each with one meaning; no matplotlib.

Plots, moving pictures, live figures, decks, feedback pages and the style sheet take them from here.
They are from the palette of Okabe and Ito (2008), which is safe for colour-blind readers.
"""

PALETTE = {
    "source": "#0072B2",  # mu, mu_0, rho_0 and the potential phi that lives there
    "target": "#D55E00",  # nu, mu_1, rho_1 and the potential psi that lives there
    "plan": "#009E73",  # gamma, maps, matchings, momentum
    "potential": "#AA4499",  # dual quantities: bounds, certificates, gaps
    "neutral": "#6B6B6B",  # everything that is only context
}
# The same on dark ground, for drawings in a page; figures are turned by its style sheet.
ON_DARK = {
    "source": "#6CBCEB",
    "target": "#E37C2C",
    "plan": "#009E73",
    "potential": "#C873BA",
    "neutral": "#919191",
}
# What texts call them; tests/test_palette.py holds texts and colours to it.
WORDS = {
    "source": "blue",
    "target": "orange",
    "plan": "green",
    "potential": "purple",
    "neutral": "grey",
}
INK = "#222222"
RIGHT, WRONG = "#2e7d4f", "#b3541e"  # verdicts, as lines beside a text
