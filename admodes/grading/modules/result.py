"""The grade of a module: the verdict, what is wrong, and what the isolation promises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from admodes.grading.modules.findings import Finding
from admodes.views.dialects import scalar_text
from admodes.views.result import Result
from admodes.views.tables import Table

VERDICTS = {
    "pass": "everything that was tried is right",
    "fail": "something is wrong",
    "timeout": "it did not come to an end in time",
    "crash": "its process ended, or it could not be loaded",
    "refused": "it was not run",
}


@dataclass
class CodeGrade(Result):
    """What grade_code returns (JSON contract "admodes.grade-code/1"): verdict, one of "pass",
    "fail", "timeout", "crash" and "refused"; findings, the most telling first; notes; isolation,
    what was promised on this machine and what not."""

    module: str
    interface: str | None
    verdict: str
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    isolation: dict[str, list[str]] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the verdict is "pass"."""
        return self.verdict == "pass"

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.grade-code/1",
            "module": self.module,
            "interface": self.interface,
            "verdict": self.verdict,
            "findings": [vars(finding) for finding in self.findings],
            "notes": self.notes,
            "isolation": self.isolation,
        }

    def tables(self, format: str = "text", digits: int | None = 6) -> list[Table]:
        """The findings, the verdict, and what the isolation promises."""

        def shown(x: Any) -> str:
            return scalar_text(x, digits) if isinstance(x, float) else "" if x is None else str(x)

        rows = [
            [f.kind, f.operation or "", f.graph, shown(f.given), shown(f.right)]
            for f in self.findings
        ]
        notes = [finding.text for finding in self.findings]
        notes += [f"note: {note}" for note in self.notes]
        notes.append(f"verdict: {self.verdict} ({VERDICTS[self.verdict]})")
        how = f", {self.interface}" if self.interface else ""
        head = ["Kind", "Operation", "Graph", "Given", "Right"]
        title = f"The module {self.module}{how}"
        isolation = [["yes", line] for line in self.isolation.get("promised", [])]
        isolation += [["no", line] for line in self.isolation.get("not", [])]
        return [
            Table(title, head, rows, [False] * 5, notes),
            Table("What this machine promises", ["Promised", "What"], isolation, [False] * 2),
        ]
