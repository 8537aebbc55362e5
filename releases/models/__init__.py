"""The plan, the changes and their candidates; verdicts, sign-offs, approvals and what customers answered."""

from releases.models.candidates import Candidate, CandidateChange, Check, Overlap
from releases.models.combined import ChecklistAnswer, ChecklistItem, Search, Suspicion
from releases.models.demos import Demo, DemoAnswer, Invitation
from releases.models.notes import NoteLine, Notes
from releases.models.plan_rules import PlanRules
from releases.models.plans import Change, Release, Revision, RevisionPerson
from releases.models.previews import UndoPreview
from releases.models.testing import Attachment, Defect, Try
from releases.models.words import Answer, Approval, SignOff, Survey, Verdict

__all__ = [
    "Answer",
    "Approval",
    "Attachment",
    "Candidate",
    "CandidateChange",
    "Change",
    "Check",
    "ChecklistAnswer",
    "ChecklistItem",
    "Defect",
    "NoteLine",
    "Notes",
    "Demo",
    "DemoAnswer",
    "Invitation",
    "Overlap",
    "PlanRules",
    "Release",
    "Revision",
    "RevisionPerson",
    "Search",
    "SignOff",
    "Survey",
    "Suspicion",
    "Try",
    "UndoPreview",
    "Verdict",
]
