# Of people a few dozen pixels tall; no weights.
stripe_colours = dict(type='StripeColours', stripes=4, width=0.5)
