"""Prints the ten slowest tests of the last run, from the JUnit report that nextest writes."""

import sys
from xml.etree import ElementTree

cases = ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
slowest = sorted(cases, key=lambda case: float(case.get("time", "0")), reverse=True)[:10]
print("The ten slowest tests, in seconds:")
for case in slowest:
    print(f"{float(case.get('time', '0')):7.1f}  {case.get('classname')} {case.get('name')}")
