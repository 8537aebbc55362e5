"""The plan, the changes and their candidates; verdicts, sign-offs, approvals and what customers answered."""

from releases.models.candidates import Candidate, CandidateChange, Check, Overlap
from releases.models.notes import NoteLine, Notes
from releases.models.plan_rules import PlanRules
from releases.models.plans import Change, Release, Revision
from releases.models.previews import UndoPreview
from releases.models.words import Answer, Approval, SignOff, Survey, Verdict

__all__ = [
    "Answer",
    "Approval",
    "Candidate",
    "CandidateChange",
    "Change",
    "Check",
    "NoteLine",
    "Notes",
    "Overlap",
    "PlanRules",
    "Release",
    "Revision",
    "SignOff",
    "Survey",
    "UndoPreview",
    "Verdict",
]
