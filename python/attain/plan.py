"""A plan: its document and its targets, read from YAML, TOML, JSON or a dict."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from attain.errors import AttainError, PlanError
from attain.relation import Relation, problems
from attain.target import Target, describe_problem


class Document(BaseModel):
    """The document a plan comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    number: str | None = None
    issuer: str | None = None
    url: str | None = None


class Plan(BaseModel):
    """A plan, its targets and how they hang together.

    Attributes
    ----------
    id
        Short name.
    title, title_zh
        For tables and figures.
    region, issued, document
        Whose plan it is, its date of issue, where its numbers stand.
    history
        Bundled history that serves its indicators, used when no other is given.
    note, note_zh
        What a reader should know, in English and in Chinese.
    targets
        With distinct ids.
    relations
        Between targets, by id; checked for unknown ids, units and cycles.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(default=1, alias="schema")
    id: str = Field(min_length=1)
    title: str = ""
    title_zh: str = ""
    region: str = ""
    issued: date | None = None
    document: Document | None = None
    history: str | None = None
    note: str | None = None
    note_zh: str | None = None
    targets: tuple[Target, ...] = ()
    relations: tuple[Relation, ...] = ()

    @model_validator(mode="after")
    def _check_as_a_whole(self) -> Self:
        targets = {target.id: target for target in self.targets}
        for target in self.targets:
            if targets[target.id] is not target:
                raise ValueError(f"target {target.id!r} stands twice; give each target its own id")
        found = next(problems(self.relations, targets), None)
        if found is not None:
            raise ValueError(found)
        return self

    def summary(self) -> str:
        """One line: id, title, date of issue, number of targets."""
        issued = f", issued {self.issued}" if self.issued else ""
        return f"{self.id}: {self.title or self.title_zh}{issued}, {len(self.targets)} targets"

    def _repr_html_(self) -> str:
        from attain.fragments import plan_fragment

        return plan_fragment(self)

    def to_yaml(self) -> str:
        """The plan as YAML text that `load_plan` reads back to an equal plan; what was not stated stays unstated."""
        data = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if self.issued is not None:
            data["issued"] = self.issued
        return yaml.dump(data, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=110)


def plan_schema() -> dict[str, Any]:
    """The language of plans as JSON Schema, for editors and other programs."""
    return Plan.model_json_schema(by_alias=True)


class _PlainDumper(yaml.SafeDumper):
    """YAML that reads back as it was: text with control characters is quoted and escaped."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = all(character.isprintable() for character in text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_PlainDumper.add_representer(str, _represent_text)


class StrictLoader(yaml.SafeLoader):
    """YAML whose mappings may not repeat a key: YAML itself would keep the last and lose the others."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int):
                message = f"the key {key!r} is no name; write plain fields such as id or targets"
                raise yaml.constructor.ConstructorError(None, None, message, key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _parse(text: str, suffix: str) -> Any:
    if suffix == ".toml":
        return tomllib.loads(text)
    return json.loads(text) if suffix == ".json" else yaml.load(text, Loader=StrictLoader)


def _read(path: Path, name: str) -> Any:
    if path.suffix not in (".yaml", ".yml", ".toml", ".json"):
        raise PlanError(f"{name}: a plan is a .yaml, .toml or .json file")
    try:
        return _parse(path.read_text(encoding="utf-8"), path.suffix)
    except OSError as error:
        raise PlanError(f"{name}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        place = " ".join(str(error).split())
        raise PlanError(f"{name}: not well-formed {path.suffix[1:].upper()}: {place}") from error


def _target_name(data: Mapping[str, Any], index: int) -> str:
    entry = data["targets"][index]
    name = entry.get("id") if isinstance(entry, Mapping) else None
    return f"target {name!r}" if name else f"target no. {index + 1}"


def _explain(problem: Any, data: Mapping[str, Any], where: str) -> str:
    location = list(problem["loc"])
    model: type[BaseModel] = Plan
    if len(location) >= 2 and location[0] == "targets" and isinstance(location[1], int):
        where = f"{where}: {_target_name(data, location[1])}"
        location, model = location[2:], Target
    elif len(location) >= 2 and location[0] == "relations" and isinstance(location[1], int):
        where = f"{where}: relation no. {location[1] + 1}"
        location, model = location[2:], Relation
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(location[-1]), model.model_fields, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known fields: {', '.join(model.model_fields)}"
        return f"{where}: unknown field {location[-1]!r}; {hint}"
    return f"{where}: {describe_problem({**problem, 'loc': location})}"


def _validate(data: Any, where: str) -> Plan:
    if not isinstance(data, Mapping):
        raise PlanError(f"{where}: a plan is a mapping with the fields id and targets, this is {type(data).__name__}")
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        raise PlanError("\n".join(_explain(p, data, where) for p in error.errors())) from error
    except AttainError as error:
        raise PlanError(f"{where}: {error}") from error


def bundled_plans() -> Iterator[Plan]:
    """The plans that come with the package, in the order of their ids."""
    for entry in sorted(resources.files("attain").joinpath("plans").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            yield load_plan(entry.name.removesuffix(".yaml"))


def load_plan(source: str | PathLike[str] | Mapping[str, Any] | Plan) -> Plan:
    """A plan from a bundled id, a file or a dict.

    Parameters
    ----------
    source : id of a bundled plan (`"jiangxi-2025"`), path of a .yaml, .toml or .json file, a dict of the same shape,
        or a Plan, which is returned.

    Raises
    ------
    PlanError
        Naming the file, the target, the field and the way out.
    """
    if isinstance(source, Plan):
        return source
    if isinstance(source, Mapping):
        return _validate(source, "plan")
    name = str(source)
    bundled = resources.files("attain").joinpath("plans", f"{name}.yaml")
    if Path(name).suffix == "" and not Path(name).exists():
        if not bundled.is_file():
            known = sorted(
                e.name[:-5] for e in resources.files("attain").joinpath("plans").iterdir() if e.name.endswith(".yaml")
            )
            raise PlanError(f"no bundled plan {name!r}; bundled: {', '.join(known)}; or give the path of a .yaml file")
        return _validate(_parse(bundled.read_text(encoding="utf-8"), ".yaml"), name)
    return _validate(_read(Path(name), name), name)
