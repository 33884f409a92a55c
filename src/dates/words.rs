//! The words of time in nine languages.
//!
//! A word means the same thing in one or several languages (`six` in two, `mes` in one); a phrase is read only when
//! all its words share a language, so that “the last tag” is no day although “der letzte Tag” is one.

/// One bit a language. Chinese and Japanese share one: their words of time rarely mean different things.
pub(super) type Languages = u8;

pub(super) const EN: Languages = 1;
const DE: Languages = 2;
pub(super) const FR: Languages = 4;
const ES: Languages = 8;
const IT: Languages = 16;
const PT: Languages = 32;
pub(super) const CJ: Languages = 64;
const NL: Languages = 128;
pub(super) const ROMANCE: Languages = FR | ES | IT | PT;
pub(super) const ALL: Languages = 255;

/// A stretch of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Fortnight,
    Month,
    Quarter,
    Year,
    Weekend,
}

/// A part of the day, by its first and last hour; past 24 is the morning after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part(pub(super) i64, pub(super) i64);

const MORNING: Part = Part(5, 12);
const AFTERNOON: Part = Part(12, 18);
const EVENING: Part = Part(18, 24);
const NIGHT: Part = Part(18, 30);

/// What a word says about time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing; it ends every phrase.
    Other,
    /// Articles and the like: a phrase may hold them.
    Filler,
    Of,
    /// A number, and with how many digits it was written (0: in words).
    Number(u32, u8),
    Ordinal(u32),
    Half,
    Unit(Unit),
    /// Several units without a number: “the last weeks”.
    Units(Unit),
    Last,
    /// “Vorwoche”: the one before another.
    Prior(Unit),
    /// As `Last`, but always counted back from now: “past week”.
    Past,
    /// As `Past`, or the period before another one: “previous week”.
    Previous,
    This,
    Next,
    /// After its number: “two weeks ago”.
    Ago,
    /// After its number: “两周后”.
    Later,
    /// Before its number: “vor zwei Wochen”.
    AgoBefore,
    Since,
    /// After its time: “月曜日から”.
    SinceBehind,
    Until,
    Before,
    /// After its time: “10天以前”.
    BeforeBehind,
    After,
    Between,
    From,
    And,
    To,
    OlderThan,
    NewerThan,
    MoreThan,
    LessThan,
    /// “ten days old”.
    Old,
    /// Days from today.
    Day(i64),
    Part(Part),
    /// 1..=12, and whether the word has other meanings too (`may`, `march`).
    Month(i8, bool),
    /// Monday is 0.
    Weekday(i8),
    /// “Mondays”: a habit, not a day.
    Weekdays,
    /// 0 spring, 1 summer, 2 autumn, 3 winter.
    Season(i8),
    Quarter(i8),
    /// Early, mid or late: 0, 1, 2.
    Third(i8),
    In,
    On,
    Every,
    /// “their last week” is a part of somebody's time, not of ours.
    Whose,
    About,
    /// “the one before”, “that”.
    Pronoun,
    MonthMark,
    DayMark,
    YearMark,
    Dash,
    Slash,
    Dot,
    Comma,
}

/// One reading of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sense {
    pub(super) kind: Kind,
    pub(super) languages: Languages,
}

/// Words by meaning; the same word may stand in several lines.
#[rustfmt::skip]
pub(super) const WORDS: &[(Languages, Kind, &str)] = &[
    // Fillers.
    (EN, Kind::Filler, "the s that these those our full whole complete entire calendar working business"),
    (DE, Kind::Filler, "der die das den dem des unseren unserer diesen dieser dieses"),
    (FR, Kind::Filler, "le la les l ces ce cette cet nos"),
    (ES, Kind::Filler, "el la los las lo estos estas"),
    (IT, Kind::Filler, "il lo la i gli le l negli nelle nell questi queste"),
    (PT, Kind::Filler, "o a os as nos nas estes estas"),
    (NL, Kind::Filler, "de het"),
    (EN, Kind::Of, "of"),
    (DE, Kind::Of, "von vom"),
    (FR, Kind::Of, "de du des d"),
    (ES | PT, Kind::Of, "de del do da dos das"),
    (IT, Kind::Of, "di del della dei delle degli dell"),
    (NL, Kind::Of, "van"),
    // Numbers.
    (EN, Kind::Number(1, 0), "a an one"),
    (DE, Kind::Number(1, 0), "ein eine einem einer eines einen"),
    (FR, Kind::Number(1, 0), "un une"),
    (ES, Kind::Number(1, 0), "un una uno"),
    (IT, Kind::Number(1, 0), "un una uno"),
    (PT, Kind::Number(1, 0), "um uma"),
    (NL, Kind::Number(1, 0), "een"),
    (EN, Kind::Number(2, 0), "two couple"), (DE, Kind::Number(2, 0), "zwei beiden"), (FR, Kind::Number(2, 0), "deux"),
    (ES, Kind::Number(2, 0), "dos"), (IT, Kind::Number(2, 0), "due"), (PT, Kind::Number(2, 0), "dois duas"), (NL, Kind::Number(2, 0), "twee"),
    (EN, Kind::Number(3, 0), "three few"), (DE, Kind::Number(3, 0), "drei paar"), (FR, Kind::Number(3, 0), "trois quelques"),
    (ES, Kind::Number(3, 0), "tres unos unas"), (IT, Kind::Number(3, 0), "tre alcuni alcune"), (PT, Kind::Number(3, 0), "tres alguns"), (NL, Kind::Number(3, 0), "drie"),
    (EN, Kind::Number(4, 0), "four several"), (DE, Kind::Number(4, 0), "vier"), (FR, Kind::Number(4, 0), "quatre"),
    (ES, Kind::Number(4, 0), "cuatro"), (IT, Kind::Number(4, 0), "quattro"), (PT, Kind::Number(4, 0), "quatro"), (NL, Kind::Number(4, 0), "vier"),
    (EN, Kind::Number(5, 0), "five"), (DE, Kind::Number(5, 0), "funf fuenf"), (FR, Kind::Number(5, 0), "cinq"),
    (ES | PT, Kind::Number(5, 0), "cinco"), (IT, Kind::Number(5, 0), "cinque"), (NL, Kind::Number(5, 0), "vijf"),
    (EN | FR, Kind::Number(6, 0), "six"), (DE, Kind::Number(6, 0), "sechs"), (ES | PT, Kind::Number(6, 0), "seis"), (IT, Kind::Number(6, 0), "sei"), (NL, Kind::Number(6, 0), "zes"),
    (EN, Kind::Number(7, 0), "seven"), (DE, Kind::Number(7, 0), "sieben"), (FR, Kind::Number(7, 0), "sept"),
    (ES, Kind::Number(7, 0), "siete"), (IT, Kind::Number(7, 0), "sette"), (PT, Kind::Number(7, 0), "sete"), (NL, Kind::Number(7, 0), "zeven"),
    (EN, Kind::Number(8, 0), "eight"), (DE, Kind::Number(8, 0), "acht"), (FR, Kind::Number(8, 0), "huit"),
    (ES, Kind::Number(8, 0), "ocho"), (IT, Kind::Number(8, 0), "otto"), (PT, Kind::Number(8, 0), "oito"), (NL, Kind::Number(8, 0), "acht"),
    (EN, Kind::Number(9, 0), "nine"), (DE, Kind::Number(9, 0), "neun"), (FR, Kind::Number(9, 0), "neuf"),
    (ES, Kind::Number(9, 0), "nueve"), (IT, Kind::Number(9, 0), "nove"), (PT, Kind::Number(9, 0), "nove"), (NL, Kind::Number(9, 0), "negen"),
    (EN, Kind::Number(10, 0), "ten"), (DE, Kind::Number(10, 0), "zehn"), (FR, Kind::Number(10, 0), "dix dizaine"),
    (ES, Kind::Number(10, 0), "diez"), (IT, Kind::Number(10, 0), "dieci"), (PT, Kind::Number(10, 0), "dez"), (NL, Kind::Number(10, 0), "tien"),
    (EN, Kind::Number(11, 0), "eleven"), (DE, Kind::Number(11, 0), "elf"), (FR, Kind::Number(11, 0), "onze"), (ES, Kind::Number(11, 0), "once"),
    (EN, Kind::Number(12, 0), "twelve dozen"), (DE, Kind::Number(12, 0), "zwolf zwoelf"), (FR, Kind::Number(12, 0), "douze"),
    (ES, Kind::Number(12, 0), "doce"), (IT, Kind::Number(12, 0), "dodici"), (PT, Kind::Number(12, 0), "doze"), (NL, Kind::Number(12, 0), "twaalf"),
    (EN, Kind::Number(13, 0), "thirteen"), (DE, Kind::Number(13, 0), "dreizehn"),
    (EN, Kind::Number(14, 0), "fourteen"), (DE, Kind::Number(14, 0), "vierzehn"), (FR, Kind::Number(14, 0), "quatorze"), (ES, Kind::Number(14, 0), "catorce"), (PT, Kind::Number(14, 0), "catorze quatorze"), (IT, Kind::Number(14, 0), "quattordici"), (NL, Kind::Number(14, 0), "veertien"),
    (EN, Kind::Number(15, 0), "fifteen"), (DE, Kind::Number(15, 0), "funfzehn fuenfzehn"), (FR | PT, Kind::Number(15, 0), "quinze"), (ES, Kind::Number(15, 0), "quince"), (IT, Kind::Number(15, 0), "quindici"),
    (EN, Kind::Number(16, 0), "sixteen"), (EN, Kind::Number(17, 0), "seventeen"), (EN, Kind::Number(18, 0), "eighteen"), (DE, Kind::Number(18, 0), "achtzehn"), (EN, Kind::Number(19, 0), "nineteen"),
    (EN, Kind::Number(20, 0), "twenty"), (DE, Kind::Number(20, 0), "zwanzig"), (DE, Kind::Number(24, 0), "vierundzwanzig"), (ES | IT, Kind::Number(24, 0), "veinticuatro ventiquattro"), (FR, Kind::Number(20, 0), "vingt"),
    (ES, Kind::Number(20, 0), "veinte"), (IT, Kind::Number(20, 0), "venti"), (PT, Kind::Number(20, 0), "vinte"), (NL, Kind::Number(20, 0), "twintig"),
    (EN, Kind::Number(30, 0), "thirty"), (DE, Kind::Number(30, 0), "dreissig dreißig"), (FR, Kind::Number(30, 0), "trente"),
    (ES, Kind::Number(30, 0), "treinta"), (IT, Kind::Number(30, 0), "trenta"), (PT, Kind::Number(30, 0), "trinta"), (NL, Kind::Number(30, 0), "dertig"),
    (EN, Kind::Number(40, 0), "forty"), (DE, Kind::Number(40, 0), "vierzig"), (FR, Kind::Number(40, 0), "quarante"), (ES, Kind::Number(40, 0), "cuarenta"),
    (EN, Kind::Number(45, 0), "fortyfive"), (EN, Kind::Number(50, 0), "fifty"), (DE, Kind::Number(50, 0), "funfzig fuenfzig"),
    (EN, Kind::Number(60, 0), "sixty"), (DE, Kind::Number(60, 0), "sechzig"), (FR, Kind::Number(60, 0), "soixante"), (ES | PT, Kind::Number(60, 0), "sesenta sessenta"), (IT, Kind::Number(60, 0), "sessanta"),
    (EN, Kind::Number(90, 0), "ninety"), (DE, Kind::Number(90, 0), "neunzig"), (ES | PT, Kind::Number(90, 0), "noventa"), (IT, Kind::Number(90, 0), "novanta"),
    (EN, Kind::Number(100, 0), "hundred"), (DE, Kind::Number(100, 0), "hundert"), (FR, Kind::Number(100, 0), "cent"), (ES, Kind::Number(100, 0), "cien"),
    (EN, Kind::Half, "half"), (DE, Kind::Half, "halben halbes halbe halber"), (FR, Kind::Half, "demi demie"), (ES, Kind::Half, "medio media"), (PT, Kind::Half, "meio meia"), (IT, Kind::Half, "mezzo"),
    (EN, Kind::Ordinal(1), "first"), (DE, Kind::Ordinal(1), "erste ersten erster erstes"), (FR, Kind::Ordinal(1), "premier premiere"), (ES, Kind::Ordinal(1), "primer primera primero"), (IT, Kind::Ordinal(1), "primo prima"), (PT, Kind::Ordinal(1), "primeiro primeira"),
    (EN, Kind::Ordinal(2), "second"), (DE, Kind::Ordinal(2), "zweite zweiten zweiter zweites"), (FR, Kind::Ordinal(2), "deuxieme"), (ES, Kind::Ordinal(2), "segundo segunda"), (IT, Kind::Ordinal(2), "secondo seconda"), (PT, Kind::Ordinal(2), "segundo"),
    (EN, Kind::Ordinal(3), "third"), (DE, Kind::Ordinal(3), "dritte dritten dritter drittes"), (FR, Kind::Ordinal(3), "troisieme"), (ES, Kind::Ordinal(3), "tercer tercera"), (IT, Kind::Ordinal(3), "terzo terza"), (PT, Kind::Ordinal(3), "terceiro terceira"),
    (EN, Kind::Ordinal(4), "fourth"), (DE, Kind::Ordinal(4), "vierte vierten vierter viertes"), (FR, Kind::Ordinal(4), "quatrieme"), (ES, Kind::Ordinal(4), "cuarto cuarta"), (IT, Kind::Ordinal(4), "quarto quarta"), (PT, Kind::Ordinal(4), "quarto quarta"),
    // Units.
    (EN, Kind::Unit(Unit::Minute), "minute min"), (EN, Kind::Units(Unit::Minute), "minutes mins"),
    (DE, Kind::Units(Unit::Minute), "minuten"), (FR, Kind::Units(Unit::Minute), "minutes"), (ES | PT, Kind::Units(Unit::Minute), "minutos"), (IT, Kind::Units(Unit::Minute), "minuti"),
    (EN, Kind::Unit(Unit::Hour), "hour hr"), (EN, Kind::Units(Unit::Hour), "hours hrs"),
    (DE, Kind::Unit(Unit::Hour), "stunde"), (DE, Kind::Units(Unit::Hour), "stunden"),
    (FR, Kind::Unit(Unit::Hour), "heure"), (FR, Kind::Units(Unit::Hour), "heures"),
    (ES | PT, Kind::Unit(Unit::Hour), "hora"), (ES | PT, Kind::Units(Unit::Hour), "horas"), (IT, Kind::Unit(Unit::Hour), "ora"), (IT, Kind::Units(Unit::Hour), "ore"), (NL, Kind::Unit(Unit::Hour), "uur"),
    (EN, Kind::Unit(Unit::Day), "day"), (EN, Kind::Units(Unit::Day), "days"),
    (DE, Kind::Unit(Unit::Day), "tag tages"), (DE, Kind::Units(Unit::Day), "tage tagen"),
    (FR, Kind::Unit(Unit::Day), "jour journee"), (FR, Kind::Units(Unit::Day), "jours"),
    (ES | PT, Kind::Unit(Unit::Day), "dia"), (ES | PT, Kind::Units(Unit::Day), "dias"), (IT, Kind::Unit(Unit::Day), "giorno"), (IT, Kind::Units(Unit::Day), "giorni"), (NL, Kind::Unit(Unit::Day), "dag"), (NL, Kind::Units(Unit::Day), "dagen"),
    (EN, Kind::Unit(Unit::Week), "week wk"), (EN, Kind::Units(Unit::Week), "weeks wks"),
    (DE, Kind::Unit(Unit::Week), "woche"), (DE, Kind::Units(Unit::Week), "wochen"),
    (FR, Kind::Unit(Unit::Week), "semaine"), (FR, Kind::Units(Unit::Week), "semaines"),
    (ES | PT, Kind::Unit(Unit::Week), "semana"), (ES | PT, Kind::Units(Unit::Week), "semanas"), (IT, Kind::Unit(Unit::Week), "settimana"), (IT, Kind::Units(Unit::Week), "settimane"), (NL, Kind::Unit(Unit::Week), "week"), (NL, Kind::Units(Unit::Week), "weken"),
    (EN, Kind::Unit(Unit::Fortnight), "fortnight"), (EN, Kind::Units(Unit::Fortnight), "fortnights"), (FR, Kind::Unit(Unit::Fortnight), "quinzaine"), (ES, Kind::Unit(Unit::Fortnight), "quincena"), (PT, Kind::Unit(Unit::Fortnight), "quinzena"),
    (EN, Kind::Unit(Unit::Month), "month"), (EN, Kind::Units(Unit::Month), "months"),
    (DE, Kind::Unit(Unit::Month), "monat monats"), (DE, Kind::Units(Unit::Month), "monate monaten"),
    (FR, Kind::Unit(Unit::Month), "mois"), (ES, Kind::Unit(Unit::Month), "mes"), (ES, Kind::Units(Unit::Month), "meses"), (PT, Kind::Unit(Unit::Month), "mes"), (PT, Kind::Units(Unit::Month), "meses"), (IT, Kind::Unit(Unit::Month), "mese"), (IT, Kind::Units(Unit::Month), "mesi"), (NL, Kind::Unit(Unit::Month), "maand"), (NL, Kind::Units(Unit::Month), "maanden"),
    (EN, Kind::Unit(Unit::Quarter), "quarter"), (EN, Kind::Units(Unit::Quarter), "quarters"), (DE, Kind::Unit(Unit::Quarter), "quartal quartals"), (DE, Kind::Units(Unit::Quarter), "quartale quartalen"),
    (FR, Kind::Unit(Unit::Quarter), "trimestre"), (FR, Kind::Units(Unit::Quarter), "trimestres"), (ES | IT | PT, Kind::Unit(Unit::Quarter), "trimestre"), (ES | PT, Kind::Units(Unit::Quarter), "trimestres"), (NL, Kind::Unit(Unit::Quarter), "kwartaal"),
    (EN, Kind::Unit(Unit::Year), "year yr"), (EN, Kind::Units(Unit::Year), "years yrs"),
    (DE, Kind::Unit(Unit::Year), "jahr jahres jahre"), (DE, Kind::Units(Unit::Year), "jahren"),
    (FR, Kind::Unit(Unit::Year), "an annee"), (FR, Kind::Units(Unit::Year), "ans annees"),
    (ES, Kind::Unit(Unit::Year), "ano"), (ES, Kind::Units(Unit::Year), "anos"), (PT, Kind::Unit(Unit::Year), "ano"), (PT, Kind::Units(Unit::Year), "anos"), (IT, Kind::Unit(Unit::Year), "anno"), (IT, Kind::Units(Unit::Year), "anni"), (NL, Kind::Unit(Unit::Year), "jaar"),
    (EN, Kind::Unit(Unit::Weekend), "weekend"), (EN, Kind::Units(Unit::Weekend), "weekends"), (DE, Kind::Unit(Unit::Weekend), "wochenende"), (FR, Kind::Unit(Unit::Weekend), "weekend"), (ES | IT, Kind::Unit(Unit::Weekend), "finde"), (NL, Kind::Unit(Unit::Weekend), "weekend"),
    // Which one.
    (EN, Kind::Last, "last latest"), (DE, Kind::Last, "letzte letzten letzter letztem letztes vergangene vergangenen vergangener vergangenes vergangenem vorige vorigen voriger voriges vorigem"),
    (FR, Kind::Last, "dernier derniere derniers dernieres passe passee passes passees"), (ES, Kind::Last, "pasado pasada pasados pasadas ultimo ultima ultimos ultimas"),
    (PT, Kind::Last, "passado passada passados passadas ultimo ultima ultimos ultimas"), (IT, Kind::Last, "scorso scorsa scorsi scorse ultimo ultima ultimi ultime"), (NL, Kind::Last, "vorige afgelopen laatste"),
    (DE, Kind::Prior(Unit::Week), "vorwoche"), (DE, Kind::Prior(Unit::Month), "vormonat"), (DE, Kind::Prior(Unit::Quarter), "vorquartal"), (DE, Kind::Prior(Unit::Year), "vorjahr"), (DE, Kind::Prior(Unit::Day), "vortag"),
    (EN, Kind::Past, "past trailing recent"), (EN, Kind::Previous, "previous preceding prior"),
    (DE, Kind::Previous, "vorherige vorherigen vorheriger vorangegangene vorangegangenen vorangehenden davor zuvor"),
    (FR, Kind::Previous, "precedent precedente precedents precedentes avant"), (ES | PT, Kind::Previous, "anterior anteriores"), (ES, Kind::Previous, "previo previa previos previas"),
    (IT, Kind::Previous, "precedente precedenti prima"),
    (EN, Kind::This, "this current"), (DE, Kind::This, "diese dieser dieses diesen diesem aktuelle aktuellen"), (FR, Kind::This, "cette ce cet"), (ES, Kind::This, "este esta"), (PT, Kind::This, "este esta neste nesta"), (IT, Kind::This, "questo questa quest"),
    (EN, Kind::Next, "next upcoming coming"), (DE, Kind::Next, "nachste nachsten nachster nachstes nachstem naechste naechsten kommende kommenden"), (FR, Kind::Next, "prochain prochaine prochains prochaines"), (ES, Kind::Next, "proximo proxima proximos proximas"), (PT, Kind::Next, "proximo proxima"), (IT, Kind::Next, "prossimo prossima"),
    // Before, after, between.
    (EN, Kind::Ago, "ago back earlier"), (ES | PT, Kind::Ago, "atras"), (IT, Kind::Ago, "fa"), (NL, Kind::Ago, "geleden"), (DE, Kind::Ago, "her"),
    (DE, Kind::AgoBefore, "vor"), (ES, Kind::AgoBefore, "hace"), (PT, Kind::AgoBefore, "ha faz"),
    (EN, Kind::Since, "since"), (DE, Kind::Since, "seit"), (FR, Kind::Since, "depuis"), (ES | PT, Kind::Since, "desde"), (IT, Kind::Since, "da dal dalla"), (NL, Kind::Since, "sinds"),
    (EN, Kind::Until, "until till til by"), (DE, Kind::Until, "bis"), (FR, Kind::Until, "jusqu"), (ES, Kind::Until, "hasta"), (PT, Kind::Until, "ate"), (IT, Kind::Until, "fino"),
    (EN, Kind::Before, "before pre"), (DE, Kind::Before, "vor"), (FR, Kind::Before, "avant"), (ES | PT, Kind::Before, "antes"), (IT, Kind::Before, "prima"),
    (EN, Kind::After, "after"), (DE, Kind::After, "nach ab"), (FR, Kind::After, "apres"), (ES, Kind::After, "despues"), (PT, Kind::After, "depois"), (IT, Kind::After, "dopo"),
    (EN, Kind::Between, "between"), (DE, Kind::Between, "zwischen"), (FR | ES | PT, Kind::Between, "entre"), (IT, Kind::Between, "tra fra"), (NL, Kind::Between, "tussen"),
    (EN, Kind::From, "from"), (DE, Kind::From, "von vom"), (FR, Kind::From, "du de"), (ES, Kind::From, "desde del de"), (IT, Kind::From, "dal da"), (PT, Kind::From, "do de"),
    (EN, Kind::And, "and"), (DE, Kind::And, "und"), (FR, Kind::And, "et"), (ES, Kind::And, "y"), (PT | IT, Kind::And, "e"), (NL, Kind::And, "en"),
    (EN, Kind::To, "to through thru until till"), (DE, Kind::To, "bis"), (FR, Kind::To, "a au"), (ES, Kind::To, "a al hasta"), (IT, Kind::To, "a al"), (PT, Kind::To, "a ao ate"), (NL, Kind::To, "tot"),
    (EN, Kind::Old, "old"), (DE, Kind::Old, "alt"),
    // Days.
    (EN, Kind::Day(0), "today tonight"), (DE, Kind::Day(0), "heute heutige heutigen"), (ES, Kind::Day(0), "hoy"), (PT, Kind::Day(0), "hoje"), (IT, Kind::Day(0), "oggi"), (NL, Kind::Day(0), "vandaag"),
    (EN, Kind::Day(-1), "yesterday yesterdays yday"), (DE, Kind::Day(-1), "gestern gestrige gestrigen gestriger"), (FR, Kind::Day(-1), "hier"), (ES, Kind::Day(-1), "ayer"), (PT, Kind::Day(-1), "ontem"), (IT, Kind::Day(-1), "ieri"), (NL, Kind::Day(-1), "gisteren"),
    (DE, Kind::Day(-2), "vorgestern"), (ES, Kind::Day(-2), "anteayer antier"), (PT, Kind::Day(-2), "anteontem"), (NL, Kind::Day(-2), "eergisteren"),
    (EN, Kind::Day(1), "tomorrow"), (DE | NL, Kind::Day(1), "morgen"), (ES, Kind::Day(1), "manana"), (FR, Kind::Day(1), "demain"), (IT, Kind::Day(1), "domani"), (PT, Kind::Day(1), "amanha"), (DE, Kind::Day(2), "ubermorgen uebermorgen"),
    (EN, Kind::Part(MORNING), "morning"), (DE, Kind::Part(MORNING), "morgen fruh vormittag"), (FR, Kind::Part(MORNING), "matin"), (ES, Kind::Part(MORNING), "manana"), (IT, Kind::Part(MORNING), "mattina"), (PT, Kind::Part(MORNING), "manha"),
    (EN, Kind::Part(AFTERNOON), "afternoon"), (DE, Kind::Part(AFTERNOON), "nachmittag"), (ES | PT, Kind::Part(AFTERNOON), "tarde"), (IT, Kind::Part(AFTERNOON), "pomeriggio"),
    (EN, Kind::Part(EVENING), "evening"), (DE, Kind::Part(EVENING), "abend"), (FR, Kind::Part(EVENING), "soir"), (IT, Kind::Part(EVENING), "sera"),
    (EN, Kind::Part(NIGHT), "night"), (DE, Kind::Part(NIGHT), "nacht"), (FR, Kind::Part(NIGHT), "nuit"), (ES, Kind::Part(NIGHT), "noche"), (PT, Kind::Part(NIGHT), "noite"), (IT, Kind::Part(NIGHT), "notte"),
    // Months.
    (EN | DE | NL, Kind::Month(1, false), "january januar januari janner"), (FR, Kind::Month(1, false), "janvier"), (ES, Kind::Month(1, false), "enero"), (IT, Kind::Month(1, false), "gennaio"), (PT, Kind::Month(1, false), "janeiro"), (ALL, Kind::Month(1, true), "jan janv"),
    (EN | DE | NL, Kind::Month(2, false), "february februar februari"), (FR, Kind::Month(2, false), "fevrier"), (ES, Kind::Month(2, false), "febrero"), (IT, Kind::Month(2, false), "febbraio"), (PT, Kind::Month(2, false), "fevereiro"), (ALL, Kind::Month(2, true), "feb"),
    (EN, Kind::Month(3, true), "march"), (DE, Kind::Month(3, false), "marz maerz"), (FR, Kind::Month(3, true), "mars"), (ES | IT, Kind::Month(3, false), "marzo"), (PT, Kind::Month(3, false), "marco"), (NL, Kind::Month(3, false), "maart"), (EN | DE, Kind::Month(3, true), "mar"),
    (EN | DE | NL, Kind::Month(4, false), "april"), (FR, Kind::Month(4, false), "avril"), (ES | PT, Kind::Month(4, false), "abril"), (IT, Kind::Month(4, false), "aprile"), (ALL, Kind::Month(4, true), "apr"),
    (EN, Kind::Month(5, true), "may"), (DE | FR, Kind::Month(5, true), "mai"), (PT, Kind::Month(5, false), "maio"), (ES, Kind::Month(5, true), "mayo"), (IT, Kind::Month(5, false), "maggio"), (NL, Kind::Month(5, true), "mei"),
    (EN, Kind::Month(6, false), "june"), (DE | NL, Kind::Month(6, false), "juni"), (FR, Kind::Month(6, false), "juin"), (ES, Kind::Month(6, false), "junio"), (IT, Kind::Month(6, false), "giugno"), (PT, Kind::Month(6, false), "junho"), (ALL, Kind::Month(6, true), "jun"),
    (EN, Kind::Month(7, false), "july"), (DE | NL, Kind::Month(7, false), "juli"), (FR, Kind::Month(7, false), "juillet"), (ES, Kind::Month(7, false), "julio"), (IT, Kind::Month(7, false), "luglio"), (PT, Kind::Month(7, false), "julho"), (ALL, Kind::Month(7, true), "jul"),
    (EN | DE, Kind::Month(8, false), "august"), (NL, Kind::Month(8, false), "augustus"), (FR, Kind::Month(8, false), "aout"), (ES | IT | PT, Kind::Month(8, false), "agosto"), (EN | DE, Kind::Month(8, true), "aug"),
    (EN | DE | NL, Kind::Month(9, false), "september"), (FR, Kind::Month(9, false), "septembre"), (ES, Kind::Month(9, false), "septiembre setiembre"), (IT, Kind::Month(9, false), "settembre"), (PT, Kind::Month(9, false), "setembro"), (EN | DE | ES, Kind::Month(9, true), "sep sept"),
    (EN | NL, Kind::Month(10, false), "october oktober"), (DE, Kind::Month(10, false), "oktober"), (FR, Kind::Month(10, false), "octobre"), (ES, Kind::Month(10, false), "octubre"), (IT, Kind::Month(10, false), "ottobre"), (PT, Kind::Month(10, false), "outubro"), (ALL, Kind::Month(10, true), "oct okt"),
    (EN | DE | NL, Kind::Month(11, false), "november"), (FR, Kind::Month(11, false), "novembre"), (ES, Kind::Month(11, false), "noviembre"), (IT, Kind::Month(11, false), "novembre"), (PT, Kind::Month(11, false), "novembro"), (ALL, Kind::Month(11, true), "nov"),
    (EN | NL, Kind::Month(12, false), "december"), (DE, Kind::Month(12, false), "dezember"), (FR, Kind::Month(12, false), "decembre"), (ES, Kind::Month(12, false), "diciembre"), (IT, Kind::Month(12, false), "dicembre"), (PT, Kind::Month(12, false), "dezembro"), (ALL, Kind::Month(12, true), "dec dez dic"),
    // Weekdays.
    (EN, Kind::Weekday(0), "monday mon"), (DE, Kind::Weekday(0), "montag"), (FR, Kind::Weekday(0), "lundi"), (ES, Kind::Weekday(0), "lunes"), (IT, Kind::Weekday(0), "lunedi"), (NL, Kind::Weekday(0), "maandag"),
    (EN, Kind::Weekday(1), "tuesday tue tues"), (DE, Kind::Weekday(1), "dienstag"), (FR, Kind::Weekday(1), "mardi"), (ES, Kind::Weekday(1), "martes"), (IT, Kind::Weekday(1), "martedi"), (NL, Kind::Weekday(1), "dinsdag"),
    (EN, Kind::Weekday(2), "wednesday wed"), (DE, Kind::Weekday(2), "mittwoch"), (FR, Kind::Weekday(2), "mercredi"), (ES, Kind::Weekday(2), "miercoles"), (IT, Kind::Weekday(2), "mercoledi"), (NL, Kind::Weekday(2), "woensdag"),
    (EN, Kind::Weekday(3), "thursday thu thurs"), (DE, Kind::Weekday(3), "donnerstag"), (FR, Kind::Weekday(3), "jeudi"), (ES, Kind::Weekday(3), "jueves"), (IT, Kind::Weekday(3), "giovedi"), (NL, Kind::Weekday(3), "donderdag"),
    (EN, Kind::Weekday(4), "friday fri"), (DE, Kind::Weekday(4), "freitag"), (FR, Kind::Weekday(4), "vendredi"), (ES, Kind::Weekday(4), "viernes"), (IT, Kind::Weekday(4), "venerdi"), (NL, Kind::Weekday(4), "vrijdag"),
    (EN, Kind::Weekday(5), "saturday"), (DE, Kind::Weekday(5), "samstag sonnabend"), (FR, Kind::Weekday(5), "samedi"), (ES | PT, Kind::Weekday(5), "sabado"), (IT, Kind::Weekday(5), "sabato"), (NL, Kind::Weekday(5), "zaterdag"),
    (EN, Kind::Weekday(6), "sunday"), (DE, Kind::Weekday(6), "sonntag"), (FR, Kind::Weekday(6), "dimanche"), (ES | PT, Kind::Weekday(6), "domingo"), (IT, Kind::Weekday(6), "domenica"), (NL, Kind::Weekday(6), "zondag"),
    (EN, Kind::Weekdays, "mondays tuesdays wednesdays thursdays fridays saturdays sundays weekdays"),
    (DE, Kind::Weekdays, "montags dienstags mittwochs donnerstags freitags samstags sonntags"), (FR, Kind::Weekdays, "lundis mardis mercredis jeudis vendredis samedis dimanches"), (ES, Kind::Weekdays, "sabados domingos"),
    // Seasons, quarters, parts of a month.
    (EN, Kind::Season(0), "spring springtime"), (DE, Kind::Season(0), "fruhling fruhjahr fruehling fruehjahr"), (FR, Kind::Season(0), "printemps"), (ES | PT | IT, Kind::Season(0), "primavera"),
    (EN, Kind::Season(1), "summer summertime"), (DE, Kind::Season(1), "sommer"), (FR, Kind::Season(1), "ete"), (ES, Kind::Season(1), "verano"), (PT, Kind::Season(1), "verao"), (IT, Kind::Season(1), "estate"),
    (EN, Kind::Season(2), "autumn fall"), (DE, Kind::Season(2), "herbst"), (FR, Kind::Season(2), "automne"), (ES, Kind::Season(2), "otono"), (PT, Kind::Season(2), "outono"), (IT, Kind::Season(2), "autunno"),
    (EN | DE, Kind::Season(3), "winter"), (FR, Kind::Season(3), "hiver"), (ES, Kind::Season(3), "invierno"), (PT | IT, Kind::Season(3), "inverno"),
    (EN, Kind::Third(0), "early"), (DE, Kind::Third(0), "anfang"), (FR, Kind::Third(0), "debut"), (ES, Kind::Third(0), "principios comienzos"), (IT, Kind::Third(0), "inizio"), (PT, Kind::Third(0), "inicio"),
    (EN | DE, Kind::Third(1), "mid"), (DE, Kind::Third(1), "mitte"), (FR, Kind::Third(1), "mi"), (ES, Kind::Third(1), "mediados"), (IT, Kind::Third(1), "meta"), (PT, Kind::Third(1), "meados"),
    (EN, Kind::Third(2), "late"), (DE, Kind::Third(2), "ende"), (FR, Kind::Third(2), "fin"), (ES, Kind::Third(2), "finales fines"), (IT, Kind::Third(2), "fine"), (PT, Kind::Third(2), "finais fim"),
    // What stands before or around.
    (EN, Kind::In, "in during within throughout over"), (DE, Kind::In, "in im wahrend waehrend innerhalb jahr jahre"), (FR, Kind::In, "en au dans pendant durant"), (ES, Kind::In, "en durante"), (IT, Kind::In, "in nel nella durante"), (PT, Kind::In, "em no na durante"), (NL, Kind::In, "in"),
    (EN, Kind::On, "on"), (DE, Kind::On, "am"), (FR, Kind::On, "le"), (ES, Kind::On, "el"), (IT, Kind::On, "il"), (PT, Kind::On, "no em"),
    (EN, Kind::Every, "every each per any"), (DE, Kind::Every, "jeder jede jedes jeden jedem je pro"), (FR, Kind::Every, "chaque par"), (ES | PT, Kind::Every, "cada por"), (IT, Kind::Every, "ogni per"),
    (EN, Kind::Whose, "their its his her somebodys user's"), (DE, Kind::Whose, "ihre ihren ihrer ihrem seine seinen seiner"), (FR, Kind::Whose, "leur leurs sa son ses"), (ES, Kind::Whose, "su sus"),
    (EN, Kind::About, "about regarding concerning mentioning"), (DE, Kind::About, "uber ueber"), (FR, Kind::About, "sur"), (ES, Kind::About, "sobre"),
    (EN, Kind::Pronoun, "one ones period that"), (DE, Kind::Pronoun, "zeitraum"), (FR, Kind::Pronoun, "periode"), (ES, Kind::Pronoun, "periodo"),
];

/// Several words with one meaning.
#[rustfmt::skip]
pub(super) const PHRASES: &[(Languages, Kind, &str)] = &[
    (EN, Kind::Day(-2), "day before yesterday"),
    (EN, Kind::Day(2), "day after tomorrow"),
    (FR, Kind::Day(-2), "avant hier"),
    (FR, Kind::Day(2), "apres demain"),
    (ES, Kind::Day(2), "pasado manana"),
    (FR, Kind::Day(0), "aujourd hui"),
    (FR, Kind::AgoBefore, "il y a"),
    (FR, Kind::AgoBefore, "voici"),
    (FR, Kind::Part(AFTERNOON), "apres midi"),
    (FR, Kind::Until, "jusqu a"),
    (FR, Kind::Until, "jusqu au"),
    (FR, Kind::Unit(Unit::Weekend), "week end"),
    (FR, Kind::Previous, "d avant"),
    (ES, Kind::Unit(Unit::Weekend), "fin de semana"),
    (ES, Kind::Day(-2), "antes de ayer"),
    (ES, Kind::Since, "desde hace"),
    (ES, Kind::In, "dentro de"),
    (PT, Kind::Unit(Unit::Weekend), "fim de semana"),
    (IT, Kind::Unit(Unit::Weekend), "fine settimana"),
    (IT, Kind::Day(-2), "altro ieri"),
    (IT, Kind::Day(-2), "l altro ieri"),
    (EN, Kind::OlderThan, "older than"),
    (EN, Kind::OlderThan, "earlier than"),
    (EN, Kind::OlderThan, "further back than"),
    (EN, Kind::OlderThan, "longer ago than"),
    (EN, Kind::OlderThan, "dating back more than"),
    (EN, Kind::NewerThan, "newer than"),
    (EN, Kind::NewerThan, "younger than"),
    (EN, Kind::NewerThan, "not older than"),
    (EN, Kind::NewerThan, "no older than"),
    (EN, Kind::NewerThan, "more recent than"),
    (EN, Kind::MoreThan, "more than"),
    (EN, Kind::MoreThan, "at least"),
    (EN, Kind::MoreThan, "over"),
    (EN, Kind::LessThan, "less than"),
    (EN, Kind::LessThan, "fewer than"),
    (EN, Kind::LessThan, "not more than"),
    (EN, Kind::LessThan, "no more than"),
    (EN, Kind::LessThan, "at most"),
    (EN, Kind::LessThan, "under"),
    (EN, Kind::Before, "prior to"),
    (EN, Kind::Until, "up to"),
    (EN, Kind::Number(2, 0), "a couple"),
    (EN, Kind::Number(3, 0), "a few"),
    (EN, Kind::Number(6, 0), "half a dozen"),
    (DE, Kind::OlderThan, "alter als"),
    (DE, Kind::OlderThan, "aelter als"),
    (DE, Kind::NewerThan, "junger als"),
    (DE, Kind::NewerThan, "juenger als"),
    (DE, Kind::NewerThan, "neuer als"),
    (DE, Kind::MoreThan, "mehr als"),
    (DE, Kind::MoreThan, "uber"),
    (DE, Kind::LessThan, "weniger als"),
    (DE, Kind::Number(3, 0), "ein paar"),
    (DE, Kind::Since, "seit vor"),
    (FR, Kind::OlderThan, "plus ancien que"),
    (FR, Kind::OlderThan, "plus anciens que"),
    (FR, Kind::OlderThan, "plus ancienne que"),
    (FR, Kind::OlderThan, "plus anciennes que"),
    (FR, Kind::OlderThan, "plus vieux que"),
    (FR, Kind::OlderThan, "plus vieilles que"),
    (FR, Kind::OlderThan, "vieux de plus de"),
    (FR, Kind::OlderThan, "vieilles de plus de"),
    (FR, Kind::OlderThan, "datant de plus de"),
    (FR, Kind::OlderThan, "datent de plus de"),
    (FR, Kind::OlderThan, "remontant a plus de"),
    (FR, Kind::OlderThan, "remontent a plus de"),
    (FR, Kind::MoreThan, "plus de"),
    (FR, Kind::MoreThan, "plus d"),
    (FR, Kind::LessThan, "moins de"),
    (FR, Kind::LessThan, "moins d"),
    (ES, Kind::OlderThan, "anteriores a"),
    (ES, Kind::OlderThan, "anterior a"),
    (ES, Kind::OlderThan, "mas antiguas de"),
    (ES, Kind::OlderThan, "mas antiguas que"),
    (ES, Kind::OlderThan, "mas antiguos que"),
    (ES, Kind::OlderThan, "mas antiguos de"),
    (ES, Kind::OlderThan, "mas viejos que"),
    (ES, Kind::OlderThan, "mas viejas que"),
    (ES, Kind::OlderThan, "con mas de"),
    (ES, Kind::MoreThan, "mas de"),
    (ES, Kind::LessThan, "menos de"),
    (PT, Kind::OlderThan, "mais antigas que"),
    (PT, Kind::OlderThan, "mais antigos que"),
    (PT, Kind::MoreThan, "mais de"),
    (IT, Kind::OlderThan, "piu vecchi di"),
    (IT, Kind::OlderThan, "piu vecchie di"),
    (IT, Kind::MoreThan, "piu di"),
    (EN, Kind::Before, "ahead of"),
];

/// Words of the scripts without spaces, as the sequences they mean. The longest that fits is taken.
#[rustfmt::skip]
pub(super) const UNSPACED: &[(&str, &[Kind])] = &[
    ("今天", &[Kind::Day(0)]), ("今日", &[Kind::Day(0)]), ("きょう", &[Kind::Day(0)]),
    ("昨天", &[Kind::Day(-1)]), ("昨日", &[Kind::Day(-1)]), ("きのう", &[Kind::Day(-1)]),
    ("前天", &[Kind::Day(-2)]), ("一昨日", &[Kind::Day(-2)]), ("おととい", &[Kind::Day(-2)]), ("大前天", &[Kind::Day(-3)]),
    ("明天", &[Kind::Day(1)]), ("明日", &[Kind::Day(1)]), ("后天", &[Kind::Day(2)]), ("後天", &[Kind::Day(2)]),
    ("今朝", &[Kind::Day(0), Kind::Part(MORNING)]), ("今晚", &[Kind::Day(0), Kind::Part(EVENING)]), ("今晩", &[Kind::Day(0), Kind::Part(EVENING)]),
    ("昨晚", &[Kind::Day(-1), Kind::Part(NIGHT)]), ("昨晩", &[Kind::Day(-1), Kind::Part(NIGHT)]), ("昨夜", &[Kind::Day(-1), Kind::Part(NIGHT)]), ("ゆうべ", &[Kind::Day(-1), Kind::Part(NIGHT)]),
    ("早上", &[Kind::Part(MORNING)]), ("上午", &[Kind::Part(MORNING)]), ("下午", &[Kind::Part(AFTERNOON)]), ("晚上", &[Kind::Part(EVENING)]), ("午前", &[Kind::Part(MORNING)]), ("午後", &[Kind::Part(AFTERNOON)]),
    ("上上周", &[Kind::Number(2, 0), Kind::Unit(Unit::Week), Kind::Ago]), ("先々週", &[Kind::Number(2, 0), Kind::Unit(Unit::Week), Kind::Ago]),
    ("上上个月", &[Kind::Number(2, 0), Kind::Unit(Unit::Month), Kind::Ago]), ("先々月", &[Kind::Number(2, 0), Kind::Unit(Unit::Month), Kind::Ago]),
    ("上周", &[Kind::Last, Kind::Unit(Unit::Week)]), ("上週", &[Kind::Last, Kind::Unit(Unit::Week)]), ("上星期", &[Kind::Last, Kind::Unit(Unit::Week)]), ("上个星期", &[Kind::Last, Kind::Unit(Unit::Week)]), ("上个礼拜", &[Kind::Last, Kind::Unit(Unit::Week)]), ("上一周", &[Kind::Last, Kind::Unit(Unit::Week)]), ("上個星期", &[Kind::Last, Kind::Unit(Unit::Week)]), ("先週", &[Kind::Last, Kind::Unit(Unit::Week)]),
    ("上周末", &[Kind::Last, Kind::Unit(Unit::Weekend)]), ("先週末", &[Kind::Last, Kind::Unit(Unit::Weekend)]), ("周末", &[Kind::Unit(Unit::Weekend)]), ("週末", &[Kind::Unit(Unit::Weekend)]),
    ("上个月", &[Kind::Last, Kind::Unit(Unit::Month)]), ("上個月", &[Kind::Last, Kind::Unit(Unit::Month)]), ("上月", &[Kind::Last, Kind::Unit(Unit::Month)]), ("先月", &[Kind::Last, Kind::Unit(Unit::Month)]),
    ("上个季度", &[Kind::Last, Kind::Unit(Unit::Quarter)]), ("上季度", &[Kind::Last, Kind::Unit(Unit::Quarter)]), ("上一季度", &[Kind::Last, Kind::Unit(Unit::Quarter)]), ("前四半期", &[Kind::Last, Kind::Unit(Unit::Quarter)]), ("先四半期", &[Kind::Last, Kind::Unit(Unit::Quarter)]), ("前の四半期", &[Kind::Last, Kind::Unit(Unit::Quarter)]),
    ("去年", &[Kind::Last, Kind::Unit(Unit::Year)]), ("昨年", &[Kind::Last, Kind::Unit(Unit::Year)]), ("前年", &[Kind::Number(2, 0), Kind::Unit(Unit::Year), Kind::Ago]), ("一昨年", &[Kind::Number(2, 0), Kind::Unit(Unit::Year), Kind::Ago]),
    ("这周", &[Kind::This, Kind::Unit(Unit::Week)]), ("本周", &[Kind::This, Kind::Unit(Unit::Week)]), ("这个星期", &[Kind::This, Kind::Unit(Unit::Week)]), ("今週", &[Kind::This, Kind::Unit(Unit::Week)]),
    ("这个月", &[Kind::This, Kind::Unit(Unit::Month)]), ("本月", &[Kind::This, Kind::Unit(Unit::Month)]), ("今月", &[Kind::This, Kind::Unit(Unit::Month)]),
    ("今年", &[Kind::This, Kind::Unit(Unit::Year)]), ("本季度", &[Kind::This, Kind::Unit(Unit::Quarter)]), ("今四半期", &[Kind::This, Kind::Unit(Unit::Quarter)]),
    ("下周", &[Kind::Next, Kind::Unit(Unit::Week)]), ("来週", &[Kind::Next, Kind::Unit(Unit::Week)]), ("下个月", &[Kind::Next, Kind::Unit(Unit::Month)]), ("来月", &[Kind::Next, Kind::Unit(Unit::Month)]), ("明年", &[Kind::Next, Kind::Unit(Unit::Year)]), ("来年", &[Kind::Next, Kind::Unit(Unit::Year)]),
    ("过去", &[Kind::Past]), ("過去", &[Kind::Past]), ("最近", &[Kind::Past]), ("近", &[Kind::Past]), ("ここ", &[Kind::Past]), ("この", &[Kind::Past]), ("直近", &[Kind::Past]), ("最后", &[Kind::Past]), ("近来", &[Kind::Past]),
    ("前一周", &[Kind::Previous, Kind::Unit(Unit::Week)]), ("前一个月", &[Kind::Previous, Kind::Unit(Unit::Month)]), ("前の週", &[Kind::Previous, Kind::Unit(Unit::Week)]), ("前週", &[Kind::Previous, Kind::Unit(Unit::Week)]), ("前の月", &[Kind::Previous, Kind::Unit(Unit::Month)]), ("前月", &[Kind::Previous, Kind::Unit(Unit::Month)]),
    ("その前の", &[Kind::Previous]), ("再往前", &[Kind::Previous]), ("之前的", &[Kind::Previous]), ("此前", &[Kind::Previous]), ("再之前", &[Kind::Previous]), ("前面", &[Kind::Previous]),
    ("分钟", &[Kind::Unit(Unit::Minute)]), ("分鐘", &[Kind::Unit(Unit::Minute)]), ("小时", &[Kind::Unit(Unit::Hour)]), ("個小時", &[Kind::Unit(Unit::Hour)]), ("个小时", &[Kind::Unit(Unit::Hour)]), ("時間", &[Kind::Unit(Unit::Hour)]),
    ("天", &[Kind::Unit(Unit::Day)]), ("日間", &[Kind::Unit(Unit::Day)]), ("周", &[Kind::Unit(Unit::Week)]), ("週", &[Kind::Unit(Unit::Week)]), ("週間", &[Kind::Unit(Unit::Week)]), ("个星期", &[Kind::Unit(Unit::Week)]), ("星期", &[Kind::Unit(Unit::Week)]), ("个礼拜", &[Kind::Unit(Unit::Week)]), ("個星期", &[Kind::Unit(Unit::Week)]),
    ("个月", &[Kind::Unit(Unit::Month)]), ("個月", &[Kind::Unit(Unit::Month)]), ("か月", &[Kind::Unit(Unit::Month)]), ("ヶ月", &[Kind::Unit(Unit::Month)]), ("カ月", &[Kind::Unit(Unit::Month)]), ("ケ月", &[Kind::Unit(Unit::Month)]), ("ヵ月", &[Kind::Unit(Unit::Month)]), ("か月間", &[Kind::Unit(Unit::Month)]), ("ヶ月間", &[Kind::Unit(Unit::Month)]), ("カ月間", &[Kind::Unit(Unit::Month)]),
    ("季度", &[Kind::Unit(Unit::Quarter)]), ("个季度", &[Kind::Unit(Unit::Quarter)]), ("四半期", &[Kind::Unit(Unit::Quarter)]), ("年間", &[Kind::Unit(Unit::Year)]), ("半年", &[Kind::Number(6, 0), Kind::Unit(Unit::Month)]), ("半年間", &[Kind::Number(6, 0), Kind::Unit(Unit::Month)]), ("半个月", &[Kind::Number(15, 0), Kind::Unit(Unit::Day)]), ("半月", &[Kind::Number(15, 0), Kind::Unit(Unit::Day)]),
    ("年", &[Kind::YearMark]), ("月", &[Kind::MonthMark]), ("月份", &[Kind::MonthMark]), ("日", &[Kind::DayMark]), ("号", &[Kind::DayMark]),
    ("前", &[Kind::Ago]), ("后", &[Kind::Later]), ("後", &[Kind::Later]), ("之后", &[Kind::Later]), ("以后", &[Kind::Later]), ("之前", &[Kind::BeforeBehind]), ("以前", &[Kind::BeforeBehind]), ("以上前", &[Kind::BeforeBehind]), ("より前", &[Kind::BeforeBehind]), ("より古い", &[Kind::BeforeBehind]), ("以前的", &[Kind::BeforeBehind]), ("多前", &[Kind::BeforeBehind]), ("前より古い", &[Kind::BeforeBehind]), ("前以前", &[Kind::BeforeBehind]),
    ("早于", &[Kind::OlderThan]), ("超过", &[Kind::MoreThan]), ("至", &[Kind::To]), ("到", &[Kind::To]), ("和", &[Kind::And]), ("と", &[Kind::And]), ("から", &[Kind::SinceBehind]), ("以来", &[Kind::SinceBehind]), ("以降", &[Kind::SinceBehind]), ("以後", &[Kind::SinceBehind]), ("起", &[Kind::SinceBehind]), ("自", &[Kind::Since]), ("从", &[Kind::From]), ("自从", &[Kind::Since]), ("まで", &[Kind::Filler]), ("之间", &[Kind::Filler]), ("の間", &[Kind::Filler]), ("ほど", &[Kind::Filler]),
    ("的", &[Kind::Filler]), ("の", &[Kind::Filler]), ("内", &[Kind::Filler]), ("里", &[Kind::Filler]), ("間", &[Kind::Filler]), ("整", &[Kind::Filler]), ("在", &[Kind::In]), ("于", &[Kind::In]),
    ("星期一", &[Kind::Weekday(0)]), ("周一", &[Kind::Weekday(0)]), ("月曜日", &[Kind::Weekday(0)]), ("月曜", &[Kind::Weekday(0)]),
    ("星期二", &[Kind::Weekday(1)]), ("周二", &[Kind::Weekday(1)]), ("火曜日", &[Kind::Weekday(1)]), ("火曜", &[Kind::Weekday(1)]),
    ("星期三", &[Kind::Weekday(2)]), ("周三", &[Kind::Weekday(2)]), ("水曜日", &[Kind::Weekday(2)]), ("水曜", &[Kind::Weekday(2)]),
    ("星期四", &[Kind::Weekday(3)]), ("周四", &[Kind::Weekday(3)]), ("木曜日", &[Kind::Weekday(3)]), ("木曜", &[Kind::Weekday(3)]),
    ("星期五", &[Kind::Weekday(4)]), ("周五", &[Kind::Weekday(4)]), ("金曜日", &[Kind::Weekday(4)]), ("金曜", &[Kind::Weekday(4)]),
    ("星期六", &[Kind::Weekday(5)]), ("周六", &[Kind::Weekday(5)]), ("土曜日", &[Kind::Weekday(5)]), ("土曜", &[Kind::Weekday(5)]),
    ("星期日", &[Kind::Weekday(6)]), ("星期天", &[Kind::Weekday(6)]), ("周日", &[Kind::Weekday(6)]), ("日曜日", &[Kind::Weekday(6)]), ("日曜", &[Kind::Weekday(6)]),
    ("上周一", &[Kind::Last, Kind::Weekday(0)]), ("上周二", &[Kind::Last, Kind::Weekday(1)]), ("上周三", &[Kind::Last, Kind::Weekday(2)]), ("上周四", &[Kind::Last, Kind::Weekday(3)]), ("上周五", &[Kind::Last, Kind::Weekday(4)]), ("上周六", &[Kind::Last, Kind::Weekday(5)]), ("上周日", &[Kind::Last, Kind::Weekday(6)]),
    ("先週の月曜日", &[Kind::Last, Kind::Weekday(0)]), ("先週の火曜日", &[Kind::Last, Kind::Weekday(1)]), ("先週の水曜日", &[Kind::Last, Kind::Weekday(2)]), ("先週の木曜日", &[Kind::Last, Kind::Weekday(3)]), ("先週の金曜日", &[Kind::Last, Kind::Weekday(4)]), ("先週の土曜日", &[Kind::Last, Kind::Weekday(5)]), ("先週の日曜日", &[Kind::Last, Kind::Weekday(6)]),
    ("春天", &[Kind::Season(0)]), ("春季", &[Kind::Season(0)]), ("春", &[Kind::Season(0)]), ("夏天", &[Kind::Season(1)]), ("夏季", &[Kind::Season(1)]), ("夏", &[Kind::Season(1)]),
    ("秋天", &[Kind::Season(2)]), ("秋季", &[Kind::Season(2)]), ("秋", &[Kind::Season(2)]), ("冬天", &[Kind::Season(3)]), ("冬季", &[Kind::Season(3)]), ("冬", &[Kind::Season(3)]),
    ("第一季度", &[Kind::Quarter(1)]), ("第二季度", &[Kind::Quarter(2)]), ("第三季度", &[Kind::Quarter(3)]), ("第四季度", &[Kind::Quarter(4)]),
    ("第1四半期", &[Kind::Quarter(1)]), ("第2四半期", &[Kind::Quarter(2)]), ("第3四半期", &[Kind::Quarter(3)]), ("第4四半期", &[Kind::Quarter(4)]),
    ("初", &[Kind::Third(0)]), ("上旬", &[Kind::Third(0)]), ("中旬", &[Kind::Third(1)]), ("下旬", &[Kind::Third(2)]), ("底", &[Kind::Third(2)]), ("末", &[Kind::Third(2)]),
    ("每", &[Kind::Every]), ("毎", &[Kind::Every]), ("关于", &[Kind::About]), ("について", &[Kind::Other]),
];
