"""What is known of the mutants of a sample, in a file.

A line is written as soon as something is known, so a run that is ended goes on
where it stopped. Known is true for one sample only: a seed, and the text of the
files that the mutants are of."""

import hashlib
import json
import os

import mutate
import suite as suites


class Drawn:
    """A mutant of the sample, and what became of it."""

    def __init__(self, path, mutant, text):
        self.path = path
        self.mutant = mutant
        self.before, self.after = mutate.describe(text, mutant)
        self.verdict = "" # not judged yet
        self.why = ""
        self.since = "" # its killer, of the tests that came later
        self.ran = set() # tests that did not notice it

    def key(self):
        return (self.path, self.mutant.start, self.mutant.end,
                self.mutant.text)

    def room(self):
        return suites.room_of(self.path)

    def to_json(self):
        return {"file": self.path, "line": self.mutant.line,
                "operator": self.mutant.operator, "before": self.before,
                "after": self.after, "start": self.mutant.start,
                "end": self.mutant.end, "text": self.mutant.text,
                "verdict": self.verdict, "why": self.why, "since": self.since,
                "ran": sorted(self.ran)}


class Results:
    def __init__(self, path, seed, texts):
        digest = hashlib.sha256()
        for name in sorted(texts):
            digest.update((name + "\0" + texts[name] + "\0").encode())
        self.head = {"seed": seed, "code": digest.hexdigest()}
        self.path = path
        self.rows = {} # what was last written of a mutant
        self.passing = set() # tests that pass without a mutant
        self.failing = set()
        self._read()
        if not self.rows and not self.passing:
            with open(path, "w", encoding="utf-8") as file:
                file.write(json.dumps(self.head) + "\n")

    def _read(self):
        if not os.path.exists(self.path):
            return
        with open(self.path, "r+", encoding="utf-8") as file:
            text = file.read()
            # A line that was not written to its end.
            text = text[:text.rfind("\n") + 1]
            file.truncate(len(text.encode()))
        rows = [json.loads(line) for line in text.splitlines()]
        if not rows or rows[0] != self.head:
            return
        for row in rows[1:]:
            if "test" in row:
                (self.passing if row["passes"] else
                 self.failing).add(row["test"])
            else:
                self.rows[row["file"], row["start"], row["end"],
                          row["text"]] = row

    def _write(self, row):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def fill(self, drawn):
        """What is known of this mutant."""
        row = self.rows.get(drawn.key())
        if row:
            drawn.verdict, drawn.why = row["verdict"], row["why"]
            drawn.since, drawn.ran = row["since"], set(row["ran"])

    def add(self, drawn):
        self._write(drawn.to_json())

    def add_test(self, name, passes):
        """Of a test without a mutant."""
        (self.passing if passes else self.failing).add(name)
        self._write({"test": name, "passes": passes})
