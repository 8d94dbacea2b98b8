"""A day's figures: revenue with the rest as one sentence, revenue by hour, how it was paid, what sold most."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.sync.summary import Summary
from outlet_sync_gui.ui.compared_card import ComparedCard
from outlet_sync_gui.ui.hour_chart import HourChart
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label

Cells = tuple[str, ...]
NARROW_CARDS_PX = 420
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class DayCards(QWidget):
    """Shows a summary."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._summary: Summary | None = None
        self.revenue, self.rest = Label("figure", elides=True), Label("quiet", wraps=True)
        self.chart, self.empty = HourChart(theme), Label("quiet", wraps=True)
        self.methods, self.products, self.compared = Figures(), Figures(), ComparedCard()
        self._titles = (Label("label"), Label("strong"))
        self._lay_out()

    def show_summary(self, summary: Summary) -> None:
        """Show a day."""
        self._summary = summary
        self.revenue.say(words.rupiah(summary.revenue))
        orders, transactions = words.orders_of(summary.orders), words.transactions_of(summary.transactions)
        average = words.average(summary.revenue, summary.orders)
        facts = {"orders": orders, "transactions": transactions, "average": average}
        self.rest.say(words.say("{orders} · {transactions} · average {average}", **facts))
        self.chart.show_hours(summary.hours)
        self._hours.setCurrentWidget(self.chart if summary.hours else self.empty)
        self.methods.show_rows([(words.method(name), words.number(n)) for name, n in summary.methods.items()])
        self.products.show_rows(
            [(name, words.quantity(quantity), words.rupiah(revenue)) for name, quantity, revenue in summary.products]
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Payments and products side by side, or one under the other."""
        super().resizeEvent(event)
        directions = QBoxLayout.Direction
        is_narrow = event.size().width() < NARROW_CARDS_PX
        self._lists.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self._titles[0].say(words.say("Revenue"))
        self._titles[1].say(words.say("Revenue by hour"))
        self.empty.say(words.say("No sales yet. They show here hour by hour."))
        self.chart.retranslate()
        self.methods.name(words.say("Payment methods"))
        self.products.name(words.say("Top products"))
        self.compared.retranslate()
        if self._summary is not None:
            self.show_summary(self._summary)

    def _lay_out(self) -> None:
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._hours = QStackedWidget()
        self._hours.addWidget(self.chart)
        self._hours.addWidget(self.empty)
        self._lists = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lists.setSpacing(12)
        self._lists.addWidget(self.methods, 2)
        self._lists.addWidget(self.products, 5)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(_card(self._titles[0], self.revenue, self.rest))
        layout.addWidget(_card(self._titles[1], self._hours), 1)
        layout.addLayout(self._lists)
        layout.addWidget(self.compared)


class Figures(QFrame):
    """Rows under a title: a name, which is shortened where it must be, and figures at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._rows: Sequence[Cells] = ()
        self._labels: list[Label] = []
        self._title, self._none = Label("strong"), Label("quiet")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 10, 16, 10)
        layout.setSpacing(4)
        for part in (self._title, self._none):
            layout.addWidget(part)
        layout.addLayout(self._grid)
        layout.addStretch(1)

    def name(self, title: str) -> None:
        """What is listed here."""
        self._title.say(title)
        self.setAccessibleName(title)
        self._none.say(words.say("Nothing yet"))

    def show_rows(self, rows: Sequence[Cells]) -> None:
        """Show these."""
        self._none.setVisible(not rows)
        if rows == self._rows:
            return
        self._rows = rows
        for label in self._labels:
            label.hide()
            label.deleteLater()
        self._labels = [self._label(n, column, text) for n, row in enumerate(rows) for column, text in enumerate(row)]

    def texts(self) -> list[Cells]:
        """What stands here."""
        return list(self._rows)

    def _label(self, row: int, column: int, text: str) -> Label:
        label = Label(("", "strong", "quiet")[column], elides=column == 0)
        label.say(text)
        self._grid.addWidget(label, row, column, *(() if column == 0 else (RIGHT,)))
        return label


def _card(*parts: QWidget) -> QFrame:
    card = QFrame()
    card.setProperty("kind", "card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(18, 10, 16, 10)
    layout.setSpacing(0)
    for part in parts:
        layout.addWidget(part, int(part is parts[1]))
    return card
