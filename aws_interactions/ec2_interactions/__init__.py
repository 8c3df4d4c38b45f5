"""EC2: instances, the networks they are in, their volumes, tags, zones and regions.

Functions take their subject first and the provider last, and ask the provider for ``get_ec2()`` alone.
Lists are generators. Errors are subclasses of the kinds in ``aws_errors``.

The names are loaded when first asked for: a command that lists instances does not pay for networks.
"""

from typing import TYPE_CHECKING

from aws_interactions.lazy_names import LazyNames

if TYPE_CHECKING:
    from aws_interactions.ec2_interactions.errors import (
        InstanceDoesNotExist as InstanceDoesNotExist,
        InstancesAreLate as InstancesAreLate,
        InstanceStateConflict as InstanceStateConflict,
        SubnetDoesNotExist as SubnetDoesNotExist,
        VpcDoesNotExist as VpcDoesNotExist,
    )
    from aws_interactions.ec2_interactions.instance_records import (
        Instance as Instance,
        InstanceState as InstanceState,
    )
    from aws_interactions.ec2_interactions.instance_waits import (
        wait_for_instances as wait_for_instances,
    )
    from aws_interactions.ec2_interactions.instance_writes import (
        InstanceStateChange as InstanceStateChange,
        reboot_instances as reboot_instances,
        start_instances as start_instances,
        stop_instances as stop_instances,
        terminate_instances as terminate_instances,
    )
    from aws_interactions.ec2_interactions.instances import (
        get_instance as get_instance,
        get_instances as get_instances,
        is_protected_from_termination as is_protected_from_termination,
        list_instances as list_instances,
    )
    from aws_interactions.ec2_interactions.network_records import (
        NetworkInterface as NetworkInterface,
        NetworkInterfaceDetails as NetworkInterfaceDetails,
        SecurityGroup as SecurityGroup,
        SecurityGroupRule as SecurityGroupRule,
        Subnet as Subnet,
        Vpc as Vpc,
        VpcDetails as VpcDetails,
    )
    from aws_interactions.ec2_interactions.networks import (
        get_enis_of_instance as get_enis_of_instance,
        get_enis_of_subnet as get_enis_of_subnet,
        get_subnets_of_vpc as get_subnets_of_vpc,
        get_vpc_details as get_vpc_details,
        list_network_interfaces as list_network_interfaces,
        list_security_groups as list_security_groups,
        list_subnets as list_subnets,
        list_vpcs as list_vpcs,
    )
    from aws_interactions.ec2_interactions.places import (
        AvailabilityZone as AvailabilityZone,
        Region as Region,
        Volume as Volume,
        get_azs_in_region as get_azs_in_region,
        get_enabled_regions as get_enabled_regions,
        list_regions as list_regions,
        list_volumes as list_volumes,
    )
    from aws_interactions.ec2_interactions.resource_tags import (
        ResourceTag as ResourceTag,
        add_tags as add_tags,
        get_tags as get_tags,
        list_resource_tags as list_resource_tags,
        remove_tags as remove_tags,
    )

_NAMES_BY_HOME = {
    "errors": (
        "InstanceDoesNotExist",
        "InstancesAreLate",
        "InstanceStateConflict",
        "SubnetDoesNotExist",
        "VpcDoesNotExist",
    ),
    "instance_records": (
        "Instance",
        "InstanceState",
    ),
    "instance_waits": ("wait_for_instances",),
    "instance_writes": (
        "InstanceStateChange",
        "reboot_instances",
        "start_instances",
        "stop_instances",
        "terminate_instances",
    ),
    "instances": (
        "get_instance",
        "get_instances",
        "is_protected_from_termination",
        "list_instances",
    ),
    "network_records": (
        "NetworkInterface",
        "NetworkInterfaceDetails",
        "SecurityGroup",
        "SecurityGroupRule",
        "Subnet",
        "Vpc",
        "VpcDetails",
    ),
    "networks": (
        "get_enis_of_instance",
        "get_enis_of_subnet",
        "get_subnets_of_vpc",
        "get_vpc_details",
        "list_network_interfaces",
        "list_security_groups",
        "list_subnets",
        "list_vpcs",
    ),
    "places": (
        "AvailabilityZone",
        "Region",
        "Volume",
        "get_azs_in_region",
        "get_enabled_regions",
        "list_regions",
        "list_volumes",
    ),
    "resource_tags": (
        "ResourceTag",
        "add_tags",
        "get_tags",
        "list_resource_tags",
        "remove_tags",
    ),
}
_NAMES = LazyNames(__name__, _NAMES_BY_HOME)
__all__ = list(_NAMES.listed())
__getattr__ = _NAMES.load
__dir__ = _NAMES.listed
