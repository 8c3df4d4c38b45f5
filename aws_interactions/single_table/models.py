"""Models: how a dataclass is kept in a table that many kinds of records share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from aws_interactions.dynamodb_interactions.errors import LossyNumber
from aws_interactions.dynamodb_interactions.records import KeyAttribute, TableIndex, TableSpec
from aws_interactions.dynamodb_interactions.values import Item, to_item
from aws_interactions.single_table.conversion import FieldCodec, field_codecs, plain_codec
from aws_interactions.single_table.errors import (
    FieldRefused,
    InvalidModel,
    ItemDoesNotFit,
    TenantNotBound,
    WrongEntityType,
    WrongTenant,
)
from aws_interactions.single_table.item_sizes import attributes_size
from aws_interactions.single_table.key_templates import DELIMITER, KeyTemplate, parse_template

T = TypeVar("T")

_TENANT = f"TENANT{DELIMITER}"


@dataclass(frozen=True, slots=True)
class SecondaryIndex:
    """An index of the table and the attributes of its key; it holds whole items.

    One with the table's own partition key is a local index.
    """

    name: str
    partition_key: str
    sort_key: str | None = None


@dataclass(frozen=True, slots=True)
class SingleTable:
    """A table, its key's attributes and its indexes; ``type_attribute`` tells the kinds of items apart."""

    name: str
    partition_key: str = "pk"
    sort_key: str | None = "sk"
    indexes: tuple[SecondaryIndex, ...] = ()
    type_attribute: str = "entity_type"

    @property
    def key_names(self) -> tuple[str, ...]:
        """The attributes of the table's key, the partition's first."""
        return _given(self.partition_key, self.sort_key)

    @property
    def own_attributes(self) -> frozenset[str]:
        """The attributes that are no fields: keys of table and indexes, and the kind of item."""
        of_indexes = [name for index in self.indexes for name in index_key_names(index)]
        return frozenset((*self.key_names, *of_indexes, self.type_attribute))

    def spec(self, *, tags: Mapping[str, str] | None = None, is_protected: bool = False) -> TableSpec:
        """Return what ``create_table`` takes to make such a table, all its keys text."""
        indexes = tuple(
            TableIndex(index.name, _texts(index_key_names(index)), is_local=self.is_local(index))
            for index in self.indexes
        )
        return TableSpec(self.name, _texts(self.key_names), indexes, dict(tags or {}), is_protected)

    def is_local(self, index: SecondaryIndex) -> bool:
        """Say whether an index sorts the table's own partitions in another order."""
        return index.partition_key == self.partition_key


@dataclass(frozen=True, slots=True)
class IndexKey:
    """The templates of an index's key; a record with ``None`` for a field of it is not in the index."""

    partition: str
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """The attributes and templates of one key, the table's or an index's."""

    attributes: tuple[str, ...]
    templates: tuple[KeyTemplate, ...]

    @property
    def field_names(self) -> frozenset[str]:
        """The fields in it."""
        return frozenset(name for template in self.templates for name in template.field_names)


class ItemCondition(NamedTuple):
    """A condition, and what its placeholders stand for, in the order in which writes take them."""

    condition: str
    names: dict[str, str]
    values: dict[str, Any]

    def or_else(self, other: "ItemCondition") -> "ItemCondition":
        """Return the condition that one of the two holds."""
        text = f"({self.condition}) OR ({other.condition})"
        return ItemCondition(text, {**self.names, **other.names}, {**self.values, **other.values})


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Generic[T]):
    """A dataclass in a table: ``Model(of=User, table=APP, entity_type="user", partition="USER#{user_id}")``.

    ``partition`` and ``sort`` are templates of the table's key, ``indexes`` has those of its indexes by
    name. A whole number may have a width, ``{place:06d}``, without which 10 sorts before 9. ``version`` is
    a field that counts writes, 0 for a record that was never written. ``tenant`` is a field too: every
    partition then begins with it, and the model does nothing until ``bound_to`` says whose it is.

    Raises ``InvalidModel`` for what could not be kept, or not be told apart.
    """

    of: type[T]
    table: SingleTable
    entity_type: str
    partition: str
    sort: str | None = None
    indexes: Mapping[str, IndexKey] = field(default_factory=dict, hash=False)
    version: str | None = None
    tenant: str | None = None
    codecs: Mapping[str, FieldCodec] = field(init=False, repr=False, compare=False)
    keys: Keys = field(init=False, repr=False, compare=False)
    index_keys: Mapping[str, Keys] = field(init=False, repr=False, compare=False)
    _bound_tenant: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Take the templates apart, so that a mistake is found before anything is written."""
        codecs = field_codecs(self.of)
        # What a bound model is bound by cannot be changed from outside.
        object.__setattr__(self, "codecs", MappingProxyType(codecs))
        object.__setattr__(self, "indexes", MappingProxyType(dict(self.indexes)))
        self._check_fields()
        object.__setattr__(self, "keys", self._keys(self.table.key_names, self.partition, self.sort))
        object.__setattr__(self, "index_keys", MappingProxyType(self._parsed_indexes()))

    @property
    def bound_tenant(self) -> str | None:
        """The tenant to which the model is bound."""
        return self._bound_tenant

    @property
    def projection(self) -> list[tuple[str, ...]]:
        """The attributes that a read of the model needs, each as a path, and none besides."""
        return [(name,) for name in (*self.codecs, self.table.type_attribute, *self.table.key_names)]

    def bound_to(self, tenant: str) -> "Model[T]":
        """Return the model of one tenant alone; a bound one cannot be bound again.

        Raises ``InvalidModel``, and ``KeyPartRefused`` for a name that cannot stand in a key.
        """
        if self.tenant is None or self._bound_tenant is not None:
            reason = "it has no tenant field" if self.tenant is None else "it is bound already"
            raise InvalidModel(self.entity_type, reason)
        bound = replace(self)
        object.__setattr__(
            bound, "_bound_tenant", self.codecs[self.tenant].codec.to_value(tenant, self.tenant)
        )
        # Refused here rather than at the first call.
        template = parse_template(f"{{{self.tenant}}}", self.codecs, self.entity_type)
        template.whole({self.tenant: tenant}, self.codecs)
        return bound

    def item_of(self, record: T) -> Item:
        """Return the item of a record, keys and kind included, as plain values.

        Raises ``UnrepresentableValue``, ``KeyPartRefused``, and ``WrongTenant`` for another's record.
        """
        if type(record) is not self.of:
            raise FieldRefused(self.entity_type, f"a {type(record).__name__} is no {self.of.__name__}")
        given = {name: getattr(record, name) for name in self.codecs}
        fields = self.of_tenant(given, "record")
        item = {name: codec.codec.to_value(fields[name], name) for name, codec in self.codecs.items()}
        item[self.table.type_attribute] = self.entity_type
        for index_name in self.index_keys:
            item.update(self.index_key_of(index_name, fields) or {})
        item.update(self.key_of(fields))
        return item

    def record_of(self, item: Mapping[str, Any]) -> T:
        """Return the record of an item with decimal numbers; attributes that are no fields are passed over.

        Raises ``WrongEntityType``, ``WrongTenant``, ``ItemDoesNotFit``, ``LossyNumber``.
        """
        found = item.get(self.table.type_attribute)
        if found != self.entity_type:
            key = {name: item[name] for name in self.table.key_names if name in item}
            raise WrongEntityType(self.table.name, key, self.entity_type, found)
        if self.tenant is not None and item.get(self.tenant) != self.own_tenant():
            raise WrongTenant(self.entity_type, "item")
        try:
            return self.of(**{name: codec.read(item, name) for name, codec in self.codecs.items()})
        except (ItemDoesNotFit, LossyNumber) as error:
            parts = [item[name] for name in self.table.key_names if name in item]
            error.add_note(f"of the item under {', '.join(map(repr, parts))} of table {self.table.name}")
            raise

    def key_of(self, fields: Mapping[str, Any]) -> dict[str, str]:
        """Return the table's key for the fields that are in it."""
        return self._rendered(self.keys, self.of_tenant(fields, "key"))

    def index_key_of(self, index_name: str, fields: Mapping[str, Any]) -> dict[str, str] | None:
        """Return the key in an index, ``None`` for a record that is not in it."""
        keys = self.index_keys[index_name]
        whole = self.of_tenant(fields, "key")
        if any(whole.get(name, "") is None for name in keys.field_names):
            return None
        return self._rendered(keys, whole)

    def keys_of(self, index_name: str | None) -> Keys:
        """Return the key of the table, or of an index that the model is in; else ``FieldRefused``."""
        if index_name is None:
            return self.keys
        if index_name not in self.index_keys:
            raise FieldRefused(index_name, f"{self.entity_type} is in no such index")
        return self.index_keys[index_name]

    def of_tenant(self, fields: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Return the fields with the tenant's; raises ``WrongTenant`` if they name another one."""
        if self.tenant is None:
            return dict(fields)
        bound = self.own_tenant()
        if fields.get(self.tenant, bound) != bound:
            raise WrongTenant(self.entity_type, what)
        return {**fields, self.tenant: bound}

    def size_of(self, record: T) -> int:
        """Return how many bytes the record's item has for DynamoDB, of which it takes 400 KB (409,600)."""
        return attributes_size(to_item(self.item_of(record)))

    def own_items(self, version: int | None = None) -> ItemCondition:
        """Return the condition that holds for the model's items alone, perhaps of one version."""
        names = {"#kind": self.table.type_attribute}
        values: dict[str, Any] = {":kind": self.entity_type}
        if self.tenant is not None:
            names["#tenant"], values[":tenant"] = self.tenant, self.own_tenant()
        if version is not None and self.version is not None:
            names["#version"], values[":version"] = self.version, version
        return ItemCondition(" AND ".join(f"{name} = :{name[1:]}" for name in names), names, values)

    def tenant_prefix(self) -> str:
        """Return what each partition of the bound tenant begins with; empty without tenants."""
        return "" if self.tenant is None else f"{_TENANT}{self.own_tenant()}{DELIMITER}"

    def own_tenant(self) -> str:
        """Return the tenant to which the model is bound; raises ``TenantNotBound``."""
        if self._bound_tenant is None:
            raise TenantNotBound(self.entity_type)
        return self._bound_tenant

    def _rendered(self, keys: Keys, fields: Mapping[str, Any]) -> dict[str, str]:
        texts = (template.whole(fields, self.codecs) for template in keys.templates)
        return dict(zip(keys.attributes, texts, strict=True))

    def _keys(self, attributes: tuple[str, ...], partition: str, sort: str | None) -> Keys:
        if self.tenant is not None:
            partition = f"{_TENANT}{{{self.tenant}}}{DELIMITER}{partition}"
        texts = _given(partition, sort)
        if len(texts) != len(attributes):
            raise InvalidModel(self.entity_type, f"a template for each of {', '.join(attributes)}, no more")
        return Keys(attributes, tuple(parse_template(text, self.codecs, self.entity_type) for text in texts))

    def _parsed_indexes(self) -> dict[str, Keys]:
        known = {index.name: index for index in self.table.indexes}
        parsed = {}
        for name, templates in self.indexes.items():
            if name not in known:
                raise InvalidModel(self.entity_type, f"table {self.table.name} has no index {name}")
            if self.table.is_local(known[name]) and templates.partition != self.partition:
                raise InvalidModel(self.entity_type, f"{name} is local: it has the table's own partitions")
            parsed[name] = self._keys(index_key_names(known[name]), templates.partition, templates.sort)
        return parsed

    def _check_fields(self) -> None:
        taken = self.table.own_attributes & self.codecs.keys()
        if taken:
            raise InvalidModel(self.entity_type, f"{', '.join(sorted(taken))}: an attribute of the table's")
        if not self.entity_type:
            raise InvalidModel(self.of.__name__, "its items need a name for their kind")
        for name, kind in ((self.version, int), (self.tenant, str)):
            if name is None:
                continue
            if name not in self.codecs or self.codecs[name].codec is not plain_codec(kind):
                raise InvalidModel(self.entity_type, f"{name} is to be a field of type {kind.__name__}")


def index_key_names(index: SecondaryIndex) -> tuple[str, ...]:
    """Return the attributes of an index's key, the partition's first."""
    return _given(index.partition_key, index.sort_key)


def _given(*names: str | None) -> tuple[str, ...]:
    return tuple(name for name in names if name is not None)


def _texts(names: tuple[str, ...]) -> tuple[KeyAttribute, ...]:
    return tuple(KeyAttribute(name, "S") for name in names)
