"""The local AWS: moto's server with the parts of AWS that moto leaves out and Polo depends on.

Invariant: what AWS refuses is refused here too, in AWS's own words and wire format.
"""
