"""The contrast of colours, for readers with poor sight."""

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def contrast(one, other):
    """Return the contrast of two colours after WCAG 2.2."""

    def luminance(color):
        shares = [value / 255 for value in color]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)
