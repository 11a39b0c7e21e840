"""Names that NMODL, NEURON and C++ keep for themselves, and what the file has in their place."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable

_NMODL = """
    VERBATIM COMMENT TITLE CONSTANT PARAMETER INDEPENDENT ASSIGNED INITIAL DERIVATIVE EQUATION BREAKPOINT
    CONDUCTANCE SOLVE STATE LINEAR NONLINEAR DISCRETE FUNCTION FUNCTION_TABLE PROCEDURE INT DEL2 DEL LOCAL
    METHOD STEADYSTATE STEP WITH FROM TO BY if else while IF ELSE WHILE START DEFINE KINETIC CONSERVE VS LAG
    SWEEP COMPARTMENT LONGITUDINAL_DIFFUSION SOLVEFOR UNITS UNITSON UNITSOFF TABLE DEPEND NEURON SUFFIX
    POINT_PROCESS ARTIFICIAL_CELL NONSPECIFIC_CURRENT ELECTRODE_CURRENT RANGE USEION READ WRITE VALENCE
    CHARGE GLOBAL POINTER BBCOREPOINTER EXTERNAL INCLUDE CONSTRUCTOR DESTRUCTOR NET_RECEIVE BEFORE AFTER
    WATCH FOR_NETCONS THREADSAFE PROTECT MUTEXLOCK MUTEXUNLOCK REPRESENTS RANDOM runge euler newton simeq
    sparse derivimplicit cnexp after_cvode cvode_t cvode_t_v"""
_FUNCTIONS = """
    first_time error f_flux b_flux fabs sqrt sin cos tan acos asin atan atan2 sinh cosh tanh floor ceil fmod
    log10 log pow printf prterr exp threshold force deflate expfit derivs spline hyperbol revhyperbol sigmoid
    revsigmoid harmonic squarewave sawtooth revsawtooth ramp pulse perpulse step perstep erf exprand factorial
    gauss normrand poisrand poisson setseed scop_random boundary romberg legendre invert stepforce schedule
    set_seed nrn_pointing state_discontinuity net_send net_move net_event nrn_random_play at_time nrn_ghk
    random_setseq random_setids random_uniform random_negexp random_normal random_ipick random_dpick"""
_NEURON = """
    t dt v celsius area diam secondorder cai cao ica eca flag delta_t loc get_loc has_loc get_segment hname
    same Datum Memb_list Node NrnThread Object Point_process Prop SparseObj Symbol args data data_handle field
    gind initmodel math mech_type mechanism modelname neuron nil node ob pval vector"""
_CPP = """
    alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char class compl const
    constexpr continue decltype default delete do double dynamic_cast enum explicit export extern false float
    for forward friend goto inline int long mutable namespace new noexcept not not_eq NULL nullptr operator or
    or_eq private protected public register reinterpret_cast return short signed size_t sizeof static
    static_assert static_cast std struct switch template this thread_local throw true try typedef typeid
    typename union unsigned using virtual void volatile wchar_t xor xor_eq"""
_FILE = "reactions assign derive choice condition yes no side matrix_element Arguments arguments"
RESERVED = frozenset(" ".join((_NMODL, _FUNCTIONS, _NEURON, _CPP, _FILE)).split())
_SPELLED = str.maketrans(
    {"µ": "u", "−": "-", "–": "-", "—": "-", "×": "x", "±": "+-", "°": " degrees ", "’": "'"}
)


def safe(ids: Iterable[str], *, states: Collection[str]) -> dict[str, str]:
    """Return what the file calls each id of a model: the same, with an underscore where it is taken.

    Parameters
    ----------
    ids : iterable of str
        Every id of the model.
    states : collection of str
        Those that are states; NMODL makes names from theirs.
    """
    taken = {*RESERVED, *(name for state in states for name in _made_from(state))}
    found: dict[str, str] = {}
    for each in ids:
        name = each if each[0].isalpha() else f"x{each}"
        while name in taken:
            name += "_"
        taken.add(name)
        found[each] = name
    return found


def _made_from(state: str) -> tuple[str, ...]:
    """Return the names that go with a state: its derivative, its start, and those below."""
    return f"D{state}", f"{state}0", raised(state), renewed(state)


def raised(state: str) -> str:
    """Return the name under which a state is integrated that may fall below zero."""
    return f"{state}_raised"


def renewed(state: str) -> str:
    """Return the name of what a spike sets a state to."""
    return f"new_{state}"


def plain(text: str) -> str:
    """Return a text in ASCII, on one line: accents fall, Greek letters are spelled out."""
    spelled = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    letters = "".join(map(_latin, spelled))
    return " ".join(letters.encode("ascii", "replace").decode().split())


def _latin(letter: str) -> str:
    if unicodedata.combining(letter):
        return ""
    words = unicodedata.name(letter, "").split()
    return words[-1].lower() if words[:1] == ["GREEK"] else letter
