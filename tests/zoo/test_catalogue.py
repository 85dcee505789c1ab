"""Every network of both papers is there, and counts what was published, or the entry says why not."""

from __future__ import annotations

import pytest

from tests.zoo.counting import counted
from wattnas.errors import ConfigError
from wattnas.zoo import CIFAR, ENTRIES, MACS_TOLERANCE, Entry, find, get, group

pytest.importorskip("pytorchcv", reason="the extra `zoo` is not installed")

BUILDABLE = [entry for entry in ENTRIES if entry.is_published]

OZAWA = {"MobileNetV2", "ResNet18", "vgg11_bn", "densenet121", "DARTS", "FBNet1", "FBNet2", "FBNet3"}
OZAWA |= {"S1-L100", "S1-L80", "S1-L65", "S1-L50", "S1-L35"}
OZAWA |= {"S2-Normal", "S2-L80", "S2-L65", "S2-L50", "S2-L35"}
CANZIANI = {"AlexNet", "BN-AlexNet", "BN-NIN", "ENet", "GoogLeNet", "VGG-16", "VGG-19"}
CANZIANI |= {
    "ResNet-18",
    "ResNet-34",
    "ResNet-50",
    "ResNet-101",
    "ResNet-152",
    "Inception-v3",
    "Inception-v4",
}


def test_the_networks_of_both_papers() -> None:
    assert {entry.title for entry in ENTRIES if entry.group == "ozawa"} == OZAWA
    assert {entry.title for entry in ENTRIES if entry.group == "canziani"} == CANZIANI


@pytest.mark.parametrize("entry", BUILDABLE, ids=lambda entry: str(entry.name))
def test_counts_are_those_published(entry: Entry) -> None:
    params, macs, logits = counted(entry.make, entry.input)
    assert logits == (1, entry.classes)
    if entry.params is None or not entry.params.matches(params):
        assert entry.note, f"{params} parameters need a word"
    if entry.macs is not None and abs(macs / entry.macs.value - 1) > MACS_TOLERANCE:
        assert entry.note, f"{macs} multiply-adds need a word"


@pytest.mark.parametrize("entry", BUILDABLE, ids=lambda entry: str(entry.name))
def test_no_count_is_far_off_even_with_a_word(entry: Entry) -> None:
    params, macs, _ = counted(entry.make, entry.input)
    if entry.params is not None:
        assert params == pytest.approx(entry.params.value, rel=0.09)
    if entry.macs is not None:
        assert macs == pytest.approx(entry.macs.value, rel=0.06)


# Counted by others: the authors' programs, torchvision, pytorchcv, netscope.
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("darts_cifar", 3_349_342),
        ("googlenet", 6_998_552),
        ("resnet18", 11_689_512),
        ("resnet18_cifar", 11_173_962),
        ("vgg11_bn_cifar", 128_812_810),
        ("fbnet_c", 5_572_200),
        ("mobilenet_v2", 3_503_872),
    ],
)
def test_exact_parameters(name: str, params: int) -> None:
    entry = get(name)
    assert counted(entry.make, entry.input)[0] == params


def test_every_entry_says_where_its_figures_are_from() -> None:
    for entry in ENTRIES:
        figures = [figure for figure in (entry.params, entry.macs, entry.top1) if figure is not None]
        assert entry.paper and all(figure.source for figure in figures)
        assert entry.top1 is not None and 0.5 < entry.top1.value < (0.85 if entry.classes == 1000 else 0.98)


def test_names_are_found_whatever_their_case() -> None:
    for entry in ENTRIES:
        assert find(entry.name.upper().replace("_", "-")) is entry
    assert find("resnet19") is None


def test_a_small_input_means_the_small_form() -> None:
    assert get("resnet18").input == (3, 224, 224)
    assert get("resnet18", CIFAR).name == "resnet18_cifar"
    assert get("googlenet", CIFAR).name == "googlenet"  # it has no small form


def test_an_unknown_name_brings_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no network 'resnet19'") as caught:
        get("resnet19")
    assert "resnet18" in caught.value.hint


def test_what_was_not_published_cannot_be_built() -> None:
    with pytest.raises(ConfigError, match="FBNet1 was not published"):
        get("fbnet1").make()


def test_groups_hold_what_can_be_built() -> None:
    assert {entry.name for entry in group("all")} == {entry.name for entry in BUILDABLE}
    assert all(entry.classes == 1000 for entry in group("imagenet"))
    assert group("mine") == ()
