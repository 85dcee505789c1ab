"""Reference networks that no library has in the form that was measured."""

from wattnas.zoo.networks.alexnet import bn_alexnet
from wattnas.zoo.networks.darts import darts_cifar
from wattnas.zoo.networks.enet import enet
from wattnas.zoo.networks.fbnet import fbnet
from wattnas.zoo.networks.googlenet import googlenet
from wattnas.zoo.networks.nin import bn_nin
from wattnas.zoo.networks.small import small_form

__all__ = ["bn_alexnet", "bn_nin", "darts_cifar", "enet", "fbnet", "googlenet", "small_form"]
