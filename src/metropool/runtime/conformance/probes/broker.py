"""The broker's doors, with each user's own key: letters that are not listed, other names, other inboxes, other answers."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from metropool.plan.broker import BrokerUser, provisioner_of, subject_of
from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter
from metropool.runtime.broker import seed_of
