"""How the demo talks: headings, narration, bars and checks; plain when nobody watches."""
import os
import sys


class DemoFailed(Exception):
    """Something is not as narrated."""


class Screen:
    """Writes to standard output, coloured if that is a terminal and NO_COLOR is not set."""

    def __init__(self):
        self.colour = (sys.stdout.isatty() and not os.environ.get("NO_COLOR")
                       and os.environ.get("TERM") != "dumb")
        encoding = (sys.stdout.encoding or "").lower()
        self.block, self.tick = ("█", "✔") if "utf" in encoding else ("#", "ok:")
        self.acts = 0
        self.checks = 0

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def line(self, text=""):
        print(text, flush=True)

    def act(self, title):
        self.acts += 1
        self.line()
        self.line(self.paint("1;36", f"{self.acts}. {title}"))

    def say(self, text):
        for part in text.strip().splitlines():
            self.line(f"   {part.rstrip()}")

    def command(self, text):
        self.line("   " + self.paint("2", f"$ {text}"))

    def quote(self, lines):
        for text in lines:
            self.line("   " + self.paint("2", f"| {text.expandtabs(4)}"))

    def bars(self, counts, width=36):
        """One bar per pod; `counts` maps a name to a number."""
        most = max(counts.values(), default=0)
        for name in sorted(counts):
            length = round(width * counts[name] / most) if most else 0
            bar = self.paint("34", self.block * length)
            self.line(f"     {name:<8} {counts[name]:>6}  {bar}")

    def check(self, holds, claim, otherwise=""):
        """A shown claim. Raises DemoFailed with `otherwise` if it does not hold."""
        if not holds:
            self.line("   " + self.paint("1;31", f"NOT SO: {claim}"))
            raise DemoFailed(f"{claim}: {otherwise}" if otherwise else claim)
        self.checks += 1
        self.line("   " + self.paint("32", self.tick) + f" {claim}")
