import numpy as np
import pandas as pd
import pytest
from PIL import Image

from orderless import backends, encoders
from orderless.analyses import confidence, invariance
from orderless.analyses.timings import crops_of_windows
from orderless.classification.classifiers import full_weights, train_classifier
from orderless.representations.precomputed import read_precomputed


def test_patch_contributions_sum_to_the_linear_score(real_descriptors, rng):
    """Without power and length normalisation a Fisher vector is the mean of its patches': so is the score."""
    x = real_descriptors[:50]
    for entry in ({"kind": "fisher", "words": 4}, {"kind": "mean"}):
        encoder, backend = encoders.make(entry), backends.get("torch")
        book = encoder.fit(real_descriptors, backend, 0)
        whole = encoder.encode(x, None, book, backend)
        weights = rng.normal(size=(3, len(whole)))
        parts = confidence.patch_scores(x, encoder, book, backend, [], weights, block=7)
        np.testing.assert_allclose(parts.mean(0), weights @ whole, rtol=1e-3, atol=1e-3)


def test_a_map_spreads_each_score_over_its_window():
    scores, windows = np.array([2.0, 4.0]), np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]])
    found = confidence.confidence_map(scores, windows, np.array([0, 1]), 8)
    assert found[:4, :4].sum() / 64 == pytest.approx(2)
    assert found[4:, 4:].sum() / 64 == pytest.approx(4)
    assert found[:4, 4:].sum() == 0
    assert confidence.peak(found) == (0.75, 0.75)
    # of two windows in one level each counts half
    found = confidence.confidence_map(scores, windows, np.array([0, 0]), 8)
    assert found.sum() / 64 == pytest.approx(3)


def test_pointing_game():
    boxes = confidence.parse_boxes("3 10 20 30 30;red car 0 0 5 5")
    assert [name for name, _ in boxes] == ["3", "red car"]
    assert confidence.pointing((0.2, 0.3), [boxes[0][1]], (100, 100)) == (True, 0.09)
    assert confidence.pointing((0.05, 0.3), [boxes[0][1]], (100, 100)) == (False, 0.09)


def test_transformations(rng):
    pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    for kind, amount in (("scale", 1), ("translate-x", 0), ("flip", "none"), ("rotate", 0)):
        assert invariance.untouched(kind, amount)
        np.testing.assert_array_equal(np.asarray(invariance.transform(image, kind, amount)), pixels)
    right = np.asarray(invariance.transform(image, "translate-x", 40))
    np.testing.assert_array_equal(right[:, 10:], pixels[:, :-10])
    np.testing.assert_array_equal(right[:, :10], pixels[:, :1].repeat(10, 1))
    up = np.asarray(invariance.transform(image, "translate-y", -20))
    np.testing.assert_array_equal(up[:-5], pixels[5:])
    np.testing.assert_array_equal(np.asarray(invariance.transform(image, "flip", "vertical")), pixels[::-1])
    quarter = np.asarray(invariance.transform(image, "rotate", 90))
    assert np.abs(quarter[8:-8, 8:-8].astype(int) - np.rot90(pixels)[8:-8, 8:-8]).mean() < 8
    half = invariance.transform(image, "scale", 0.5)
    expected = image.crop((16, 16, 48, 48)).resize((64, 64), Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(half).astype(int) - np.asarray(expected))[8:-8, 8:-8].mean() < 2


def test_test_images_are_spread_over_the_classes():
    assert invariance.spread(list("aaaabbc"), 4) == [0, 1, 4, 6]


def test_the_same_windows_cut_out():
    level = crops_of_windows(454, 227, 32, 8)
    assert len(level.boxes) == 64
    assert max(x + w for x, _, w, _, _ in level.boxes) <= 454


def test_full_weights_of_a_machine(rng):
    truth = np.arange(40) % 2
    x = rng.normal(size=(40, 90)).astype(np.float32) + truth[:, None]
    targets, train = np.where(np.eye(2)[truth] > 0, 1, -1), np.arange(40) < 30
    classifier = train_classifier(x, train, targets[train], "single-label", {"C": [1], "folds": 2}, 0)
    weights = full_weights(classifier.weights, x[train])
    np.testing.assert_allclose(x[~train] @ weights.T + classifier.biases, classifier.scores, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("image,v0\na,1\nb,2\n", "no row for image 'c'"),
        ("image,v0\na,1\nb,2\nc,3\nb,4\n", "'b' is listed 2 times"),
        ("image,v0\na,1\nb,\nc,3\n", "row of image 'b'"),
        ("image,v0\na,1\nb,x\nc,3\n", "not numbers"),
        ("name,v0\na,1\n", "column 'image'"),
    ],
)
def test_a_wrong_file_of_precomputed_features_is_named(tmp_path, content, message):
    from orderless.errors import OrderlessError

    path = tmp_path / "precomputed.csv"
    path.write_text(content)
    with pytest.raises(OrderlessError, match=message):
        read_precomputed(path, ["a", "b", "c"])


def test_precomputed_features_come_with_rows_in_the_order_asked(tmp_path):
    path = tmp_path / "precomputed.csv"
    pd.DataFrame({"v0": [1.0, 2], "v1": [3.0, 4]}, index=pd.Index(["a", "b"], name="image")).to_csv(path)
    np.testing.assert_array_equal(read_precomputed(path, ["b", "a"]), [[2, 4], [1, 3]])


def test_a_guidance_layer_learns_what_tells_classes_apart(rng):
    """One in twenty descriptors says the class: guided pooling must put its weight there; same seed, same bytes."""
    direction = np.eye(6, dtype=np.float32)[:2] * 8
    bags = [np.r_[rng.normal(size=(19, 6)), direction[i % 2][None]].astype(np.float32) for i in range(60)]
    targets = np.where(np.eye(2)[np.arange(60) % 2] > 0, 1, -1)
    encoder = encoders.make({"kind": "guided", "channels": 8, "epochs": 30})
    book = encoder.fit_labelled(bags, targets, 3)
    again = encoder.fit_labelled(bags, targets, 3)
    assert all(book[key].tobytes() == again[key].tobytes() for key in book)
    maps = np.maximum(bags[0] @ book["weight"].T + book["bias"], 0)
    explicit = np.stack([(maps[:, [k]] * bags[0]).sum(0) for k in range(8)]).ravel()
    np.testing.assert_allclose(encoder.encode(bags[0], None, book, None), explicit, rtol=1e-4, atol=1e-4)
    assert np.abs(maps[-1]).max() > 2 * np.abs(maps[:-1]).mean(0).max()
