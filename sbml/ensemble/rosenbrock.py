"""Coefficients of the integrator: a Rosenbrock method, one-step and without iterations, for stiff y' = f(y).

A step of length h from y needs the Jacobian J = df/dy at y, one factorised matrix W, and a linear solve for
each stage i::

    W     = I / (h gamma) - J
    Y_i   = y + sum_{j<i} A_ij k_j
    W k_i = f(Y_i) + sum_{j<i} (C_ij / h) k_j
    y1    = Y_s + k_s                                            s: the last stage

This is the transformed form of Hairer & Wanner 1996 (section IV.7): no stage multiplies by J, and the k_i
have the unit of y. The method is stiffly accurate: Y_s is itself a solution, of order one less, so the error
of the step is k_s; and the last stages continue one another, Y_{i+1} = Y_i + k_i (rows of A that repeat the
one before, then a 1). Time, where rates depend on it, is a state.

RODAS4P, RODAS4P2, RODAS5, RODAS5P, RODAS6P and methods of three and four stages were compared on the preset
``ca1``: at the error that matters here RODAS4 takes the least time, its steps being the cheapest of those
that need few.
"""

from __future__ import annotations

from dataclasses import dataclass

Row = tuple[float, ...]


@dataclass(frozen=True)
class Tableau:
    """A stiffly accurate Rosenbrock method; the module says how a step uses the numbers.

    Attributes
    ----------
    order : int
        Order of y1; that of the error estimate's solution is one less.
    gamma : float
        Diagonal of W: I / (h gamma) - J.
    A, C : tuple of s rows
        Row i has i entries: the weight of each earlier k_j in Y_i; the same, over h, on the right-hand side.
    source : str
        BibTeX key of the publication.
    """

    order: int
    gamma: float
    A: tuple[Row, ...]
    C: tuple[Row, ...]
    source: str

    @property
    def stages(self) -> int:
        """Number of stages, s: linear solves in a step."""
        return len(self.A)


RODAS4 = Tableau(
    order=4,
    gamma=0.25,
    A=(
        (),
        (1.544,),
        (0.9466785280815826, 0.2557011698983284),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895, 1.0),
    ),
    C=(
        (),
        (-5.6688,),
        (-2.430093356833875, -0.2063599157091915),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616),
        (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
    ),
    source="Hairer1996",
)
