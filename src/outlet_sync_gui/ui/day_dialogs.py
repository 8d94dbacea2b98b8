"""Over the daily summary: the days to choose from, its JSON for whoever needs that, and what a check counted."""

from collections.abc import Sequence
from datetime import date as Date  # noqa: N812 - a day's name is called date here

from PySide6.QtCore import QDate, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QCalendarWidget, QListWidget, QListWidgetItem, QPushButton, QToolButton, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.reader import GAPS, Day, DayLine
from outlet_sync_gui.status import Row
from outlet_sync_gui.sync.closing import Check
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.dialogs import Dialog, TextField, name_button
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label

LOCALES = {"id": QLocale.Language.Indonesian, "en": QLocale.Language.English}
PARTS = {  # of Qt's calendar
    "qt_calendar_prevmonth": (words.N_("Month before"), "left"),
    "qt_calendar_nextmonth": (words.N_("Month after"), "right"),
    "qt_calendar_monthbutton": (words.N_("Month"), ""),
    "qt_calendar_yearbutton": (words.N_("Year"), ""),
    "qt_calendar_calendarview": (words.N_("Which day?"), ""),
}
VALUE_ROLE = Qt.ItemDataRole.UserRole


class DayDialog(Dialog):
    """The newest days, each with whether it was sent; older ones by the calendar."""

    picked = Signal(str)  # YYYY-MM-DD

    def __init__(self, parent: QWidget, theme: Theme, day: Day, now_ms: int) -> None:
        super().__init__(parent, wanted=QSize(540, 480))
        self._theme, self._day, self._now_ms = theme, day, now_ms
        self.days, self.calendar, self.other = QListWidget(), QCalendarWidget(), QPushButton()
        self.calendar.setMaximumDate(_qdate(day.today))
        self.calendar.setLocale(_locale())  # first: it moves the columns, not what is marked in them
        self.calendar.setSelectedDate(_qdate(day.closing.summary.date))
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.calendar.hide()
        self.days.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.other.setProperty("kind", "quiet")
        self.other.setAutoDefault(False)
        self.footer.insertWidget(0, self.other)
        self.body.addWidget(self.days, 1)
        self.body.addWidget(self.calendar, 1)
        self.other.clicked.connect(self._turn)
        self.days.itemClicked.connect(lambda item: self._pick(item.data(VALUE_ROLE)))
        self.days.itemActivated.connect(lambda item: self._pick(item.data(VALUE_ROLE)))
        for chosen in (self.calendar.clicked, self.calendar.activated):
            chosen.connect(lambda chosen: self._pick(chosen.toString(Qt.DateFormat.ISODate)))
        self.retranslate()
        self.days.setFocus()

    def retranslate(self) -> None:
        """Say it again, in the language and the colours of now."""
        super().retranslate()
        self.title.say(words.say("Which day?"))
        self.days.setAccessibleName(self.title.whole())
        self.calendar.setAccessibleName(self.title.whole())
        self.calendar.setLocale(_locale())
        is_listed = self.calendar.isHidden()
        name_button(self.other, words.say("Other date…") if is_listed else words.say("Latest days"))
        for part in self.calendar.findChildren(QWidget):
            name, icon = PARTS.get(part.objectName(), ("", ""))
            part.setAccessibleName(words.say(name))
            if isinstance(part, QToolButton) and icon:
                part.setIcon(icons.icon(icon, self._theme.tokens.text))
        self.days.clear()
        for line in self._day.days:
            self._add(line)

    def _add(self, line: DayLine) -> None:
        is_sent = line.sent_at is not None and not line.is_refused
        colours = self._theme.tokens
        icon = icons.icon("check", colours.text2) if is_sent else icons.icon("dot", colours.accent)
        name = words.say("Today") if line.date == self._day.today else words.business_day(line.date)
        item = QListWidgetItem(icon, f"{name}  ·  {sent_note(line, self._now_ms)}")
        item.setData(VALUE_ROLE, line.date)
        self.days.addItem(item)
        if line.date == self._day.closing.summary.date:
            self.days.setCurrentItem(item)

    def _turn(self) -> None:
        """The calendar in the list's place, and back."""
        is_listed = self.calendar.isHidden()
        self.days.setVisible(not is_listed)
        self.calendar.setVisible(is_listed)
        (self.calendar if is_listed else self.days).setFocus()
        self.retranslate()

    def _pick(self, date: str) -> None:
        if not self.result():  # a click that also activates picks once
            self.accept()
            self.picked.emit(date)


class TechnicalDialog(Dialog):
    """The very object that is sent."""

    def __init__(self, parent: QWidget, text: str) -> None:
        super().__init__(parent, wanted=QSize(620, 460))
        self.content, self.copy = TextField(text), QPushButton()
        self.content.setReadOnly(True)
        self.copy.setProperty("kind", "quiet")
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(self._copy)
        self.footer.insertWidget(0, self.copy)
        self.body.addWidget(self.content, 1)
        self.retranslate()

    def retranslate(self) -> None:
        """Say it again in the language of now."""
        super().retranslate()
        self.title.say(words.say("Technical details"))
        self.content.setAccessibleName(words.say("Content as it is sent"))
        name_button(self.cancel, words.say("Close"))
        self.copy.setText(words.say("Copy"))
        self.copy.setAccessibleName(words.say("Copy the technical details"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.content.toPlainText())
        self.copy.setText(words.say("Copied"))


class GapsDialog(Dialog):
    """The records that a check counted; one of them leads to all that is known of it."""

    details_asked = Signal(object)  # a Row

    def __init__(self, parent: QWidget, theme: Theme, check: Check, n: int, rows: Sequence[Row], now_ms: int) -> None:
        super().__init__(parent, wanted=QSize(560, 440))
        self._theme, self._check, self._n, self._now_ms = theme, check, n, now_ms
        self.records, self.note, self.details = QListWidget(), Label("quiet", wraps=True), self.main_button()
        self._rows = rows
        self.body.addWidget(self.note)
        self.body.addWidget(self.records, 1)
        self.records.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.records.itemActivated.connect(self._ask)
        self.records.itemSelectionChanged.connect(self._allow)
        self.details.clicked.connect(self._ask)
        self.retranslate()
        self.records.setFocus()

    def retranslate(self) -> None:
        """Say it again, in the language and the colours of now."""
        super().retranslate()
        self.title.say(words.check_bad(self._check, self._n))
        self.records.setAccessibleName(self.title.whole())
        name_button(self.cancel, words.say("Close"))
        name_button(self.details, words.say("Details"))
        self.note.say(words.say("the newest {n} are shown", n=words.number(GAPS)))
        self.note.setVisible(self._n > len(self._rows))
        row = max(0, self.records.currentRow())
        self.records.clear()
        for shown in self._rows:
            self.records.addItem(QListWidgetItem(self._icon(shown), _told(shown, self._now_ms)))
        self.records.setCurrentRow(row)
        self._allow()

    def _icon(self, row: Row) -> QIcon:
        return icons.icon(row.entity_type, self._theme.tokens.text2)

    def _allow(self) -> None:
        self.details.setEnabled(bool(self._chosen()))
        self.details.setToolTip("" if self._chosen() else words.say("Choose a line first."))

    def _chosen(self) -> list[Row]:
        return [self._rows[index.row()] for index in self.records.selectedIndexes()]

    def _ask(self) -> None:
        for row in self._chosen():
            self.details_asked.emit(row)


def sent_note(line: DayLine, now_ms: int) -> str:
    """Whether a day's summary was sent, in a few words."""
    if line.is_refused:
        return words.say("refused")
    if line.is_waiting:
        return words.say("on its way")
    if line.sent_at is None:
        return words.say("not sent")
    return words.say("sent {time}", time=words.moment(line.sent_at, now_ms))


def _told(row: Row, now_ms: int) -> str:
    amount = words.rupiah(row.amount) if row.amount is not None else ""
    return "  ·  ".join(part for part in (words.row_title(row), words.moment(row.at_ms, now_ms), amount) if part)


def _locale() -> QLocale:
    return QLocale(LOCALES[words.language()], QLocale.Country.Indonesia)


def _qdate(day: str) -> QDate:
    found = Date.fromisoformat(day)
    return QDate(found.year, found.month, found.day)
