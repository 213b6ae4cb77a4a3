"""The street's camera, roads and traffic."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.datasets.synsmot.street.held_out import HELD_OUT, allowed_colors
from mmsmot.datasets.synsmot.street.roads import STEP, crossing_plan, road_plan
from mmsmot.datasets.synsmot.street.settings import StreetSettings
from mmsmot.datasets.synsmot.street.street_object import StreetObject
from mmsmot.datasets.synsmot.street.traffic import simulate
from mmsmot.datasets.synsmot.street.vehicles import SHAPES, draw_vehicle
from mmsmot.datasets.synsmot.street.view import StreetView, random_view

SETTINGS = StreetSettings(num_frames=(60, 60))
VIEW = StreetView(480, 288, eye_height=7.0, tilt=0.43, focal=1.0)


def test_the_ground_is_seen_as_points_on_it_are() -> None:
    rng = np.random.default_rng(0)
    ground = rng.uniform((-10, 8), (10, 40), (30, 2))
    pixels, distance = VIEW.project(np.column_stack([ground, np.zeros(30)]))
    projected = np.column_stack([ground, np.ones(30)]) @ VIEW.ground_to_image().T
    np.testing.assert_allclose(projected[:, :2] / projected[:, 2:], pixels, atol=1e-6)
    assert (np.diff(distance[np.argsort(ground[:, 1])]) > 0).all()
    straight_down = VIEW.point(0, 7.0 / np.tan(0.43))
    np.testing.assert_allclose(straight_down, [240, 144])  # where the camera points


def test_the_horizon_is_above_every_image() -> None:
    for seed in range(20):
        view = random_view(np.random.default_rng(seed), 480, 288)
        top_ray = view.tilt - np.arctan(0.5 * 288 / (view.focal * 480))
        assert top_ray > 0.05


def turn_of(points: np.ndarray) -> float:
    """Radians to the left from the first step of a way to its last."""
    first, last = points[1] - points[0], points[-1] - points[-2]
    cross = first[0] * last[1] - first[1] * last[0]
    return float(np.arctan2(cross, first @ last))


def test_routes_turn_as_they_are_named() -> None:
    expected = {'': 0.0, 'left': np.pi / 2, 'right': -np.pi / 2}
    plan = crossing_plan()
    assert len(plan.routes) == 12
    for route in plan.routes:
        np.testing.assert_allclose(
            turn_of(route.points), expected[route.turn], atol=0.02
        )
        steps = np.hypot(*np.diff(route.points, axis=0).T)
        np.testing.assert_allclose(steps, STEP, atol=0.01)
        first, last = route.turn_span
        if route.turn:
            assert route.stop < first < last


def test_traffic_keeps_right() -> None:
    """Whoever comes from the left drives on the side that is nearer to the camera."""
    plan = crossing_plan()
    middle = np.mean(plan.roads[0][2:])
    from_left, from_right = (
        next(r for r in plan.routes if r.name == f'{side} straight')
        for side in ('left', 'right')
    )
    assert (from_left.points[:, 1] < middle).all()
    assert (from_right.points[:, 1] > middle).all()
    road = road_plan()
    assert road.routes[0].points[0, 1] < road.routes[1].points[0, 1]


@pytest.fixture(scope='module')
def streets() -> list[tuple[str, list[StreetObject]]]:
    clips = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        plan, objects = simulate(rng, 'train', SETTINGS, 60)
        clips.append((plan.scene, objects))
    return clips


def test_both_scenes_and_all_kinds_come(
    streets: list[tuple[str, list[StreetObject]]],
) -> None:
    assert {scene for scene, _ in streets} == {'crossing', 'road'}
    kinds = {body.kind for _, objects in streets for body in objects}
    assert kinds >= {'car', 'van', 'bicycle', 'person'}


def test_no_two_vehicles_are_in_one_place(
    streets: list[tuple[str, list[StreetObject]]],
) -> None:
    for _, objects in streets:
        driving = [body for body in objects if body.kind in SHAPES]
        for row, body in enumerate(driving):
            for next_body in driving[row + 1 :]:
                distance = np.hypot(*(body.place - next_body.place).T)
                assert not (distance < 1.5).any(), (body.kind, next_body.kind)


def test_places_follow_the_speed(
    streets: list[tuple[str, list[StreetObject]]],
) -> None:
    for _, objects in streets:
        for body in objects:
            steps = np.hypot(*np.diff(body.place, axis=0).T) * SETTINGS.fps
            if body.parked:
                assert (steps == 0).all()
            is_present = ~np.isnan(steps)
            # An arc that is driven beside its middle is a little longer or shorter.
            limit = 1.45 * np.maximum(body.speed[:-1], body.speed[1:]) + 1.2
            assert (steps[is_present] <= limit[is_present]).all(), body.kind


def test_the_same_seed_is_the_same_traffic() -> None:
    one, two = (
        simulate(np.random.default_rng(3), 'val', SETTINGS, 20)[1] for _ in range(2)
    )
    assert [(b.kind, b.color) for b in one] == [(b.kind, b.color) for b in two]
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first.place, second.place)


def test_held_out_colours_are_of_one_split_alone(
    streets: list[tuple[str, list[StreetObject]]],
) -> None:
    for _, objects in streets:
        for body in objects:
            for_test, for_val = HELD_OUT[body.kind]
            assert body.color not in (*for_test, *for_val)
    for kind, (for_test, for_val) in HELD_OUT.items():
        assert not set(for_test) & set(for_val)
        colors = (*for_test, *for_val)
        assert allowed_colors(kind, colors, 'test') == [*colors]
        assert allowed_colors(kind, colors, 'val') == [*for_val]


def test_riders_wear_the_colour_of_their_bicycle(
    streets: list[tuple[str, list[StreetObject]]],
) -> None:
    """So no held-out colour of people rides through the training split."""
    riders = [b for _, objects in streets for b in objects if b.kind == 'bicycle']
    assert riders
    for body in riders:
        assert body.look is not None
        assert body.look.top_color == body.color
        assert body.look.top_color not in sum(HELD_OUT['person'], ())


def test_who_crosses_is_on_the_asphalt() -> None:
    checked = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        plan, objects = simulate(rng, 'train', SETTINGS, 60)
        for body in objects:
            places = body.place[body.crossing]
            assert plan.is_road(places).all()
            checked += len(places)
    assert checked > 50
    for plan in (crossing_plan(), road_plan()):
        for index in plan.zebra_walks:
            ends = plan.walks[index][[0, -1]]
            assert not plan.is_road(ends).any()


def test_one_bicycle_way_runs_against_the_traffic() -> None:
    assert [r.name for r in road_plan().cycle_routes if r.is_counter] == ['wrong way']
    assert not any(r.is_counter for r in crossing_plan().cycle_routes)


@pytest.mark.parametrize('kind', [*SHAPES])
def test_a_vehicle_shows_its_colour_and_lamps(kind: str) -> None:
    place = np.array([0.0, 18.0])
    lamps = {}
    for heading, name in ((-np.pi / 2, 'to us'), (np.pi / 2, 'from us')):
        layer = draw_vehicle(kind, 'blue', place, heading, VIEW)
        alpha = layer.pixels[..., 3]
        color = layer.pixels[alpha > 0.99, :3].mean(axis=0)
        assert color[0] > color[2] + 15  # blue above red
        solid = layer.pixels[alpha > 0.99, :3]
        lamps[name] = (
            int(((solid[:, 1] > 220) & (solid[:, 2] > 220)).sum()),
            int(((solid[:, 2] > 150) & (solid[:, 1] < 60)).sum()),
        )
    assert lamps['to us'][0] > 4
    assert lamps['to us'][1] == 0
    assert lamps['from us'][1] > 4
    assert lamps['from us'][0] == 0
