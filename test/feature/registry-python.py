"""A service and its consumer as anyone would write them: plain `requests`, no SDK. Prints each answer as a line of JSON."""

import json
import sys

import requests

REGISTRY = sys.argv[1]


def tell(response):
    print(json.dumps([response.status_code, response.json()]))


# Pattern 2, service inventory: services register by name and URL.
tell(requests.post(f"{REGISTRY}/register", json={"name": "ServiceA", "url": "http://localhost:5001"}))
tell(requests.post(f"{REGISTRY}/register", json={"name": "ServiceB", "url": "http://localhost:5002"}))
tell(requests.post(f"{REGISTRY}/register", json={"name": "ServiceA"}))
tell(requests.post(f"{REGISTRY}/register", json={"url": "http://localhost:5001"}))
tell(requests.post(f"{REGISTRY}/register", json={}))

# Pattern 8, registry and discovery: consumers find them by name.
tell(requests.get(f"{REGISTRY}/discover/ServiceA"))
tell(requests.get(f"{REGISTRY}/discover/ServiceB"))
tell(requests.get(f"{REGISTRY}/discover/ServiceX"))

# A service moves, then leaves; a session keeps its connection.
session = requests.Session()
tell(session.post(f"{REGISTRY}/register", json={"name": "ServiceA", "url": "http://localhost:6001"}))
tell(session.get(f"{REGISTRY}/discover/ServiceA"))
tell(session.delete(f"{REGISTRY}/register/ServiceA"))
tell(session.get(f"{REGISTRY}/discover/ServiceA"))

names = [service["name"] for service in session.get(f"{REGISTRY}/services").json()["services"]]
print(json.dumps(names))
