"""What was made of the word lists is kept, and taken back only where nobody else can have written it."""

from datetime import UTC, datetime, timedelta

import pytest

from nudger.app.word_cache import cache_of
from nudger.plan_sync.files import read_words
from nudger.replies import Intent, Words, understand

MADE = {"a word": frozenset({"one", "other"}), "times": ("09:30:00",), "bits": 1 << 400}
LISTS = {"en": {"all.toml": "[classes]"}}


@pytest.fixture
def environment(tmp_path):
    return {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def cache(environment):
    return cache_of(LISTS, environment)


@pytest.fixture
def file(cache, tmp_path):
    cache.put("en.phrases", MADE)
    return next((tmp_path / "cache" / "nudger").iterdir())


def test_what_was_kept_is_taken_back(cache):
    cache.put("en.phrases", MADE)

    assert cache.get("en.phrases") == MADE
    assert cache.get("fr.phrases") is None


def test_the_words_mean_the_same_from_the_cache_and_are_not_compiled_again(environment):
    sources = read_words()
    texts = ["LATER", "remind me tomorrow at half past 4", "stop texting me pls", "i want to die", "stpo"]
    anew = Words.parse(sources, Counting(cache_of(sources, environment)))
    expected = [_read(text, anew) for text in texts]

    kept = Counting(cache_of(sources, environment))
    again = Words.parse(sources, kept)

    assert [_read(text, again) for text in texts] == expected
    assert expected[0].intent is Intent.SNOOZE
    assert (kept.made, kept.taken > 5) == ([], True)


@pytest.mark.parametrize(
    "lists", [{"en": {"all.toml": "[classes] "}}, {"en": {"al.toml": "l[classes]"}}, {"fr": LISTS["en"]}]
)
def test_of_other_lists_nothing_is_taken_and_what_is_made_takes_its_place(cache, file, environment, lists):
    other = cache_of(lists, environment)

    before = other.get("en.phrases")
    other.put("en.phrases", {"new": 1})

    assert (before, other.get("en.phrases"), cache.get("en.phrases")) == (None, {"new": 1}, None)
    assert not file.exists()


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_to_is_not_trusted(cache, file, mode):
    file.chmod(mode)

    assert cache.get("en.phrases") is None


def test_a_folder_that_others_may_write_to_is_not_trusted_and_not_written_to(cache, file):
    file.parent.chmod(0o777)

    cache.put("fr.phrases", MADE)

    assert cache.get("en.phrases") is None
    assert list(file.parent.iterdir()) == [file]


def test_a_link_is_not_followed(cache, file, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)

    assert cache.get("en.phrases") is None


@pytest.mark.parametrize("cut", [slice(0, 20), slice(0, -1), slice(0, 0), slice(1, None)])
def test_a_file_that_is_not_whole_is_not_trusted(cache, file, cut):
    file.write_bytes(file.read_bytes()[cut])

    assert cache.get("en.phrases") is None


def test_only_the_user_can_read_what_is_kept(file):
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_where_no_folder_can_be_made_all_is_made_anew(tmp_path):
    (tmp_path / "cache").write_text("a file, where the folder would be")
    cache = cache_of(LISTS, {"XDG_CACHE_HOME": str(tmp_path / "cache")})

    cache.put("en.phrases", MADE)

    assert cache.get("en.phrases") is None


def test_a_service_keeps_it_in_the_folder_that_systemd_made_for_it(tmp_path):
    cache = cache_of(LISTS, {"CACHE_DIRECTORY": f"{tmp_path}/own:{tmp_path}/more", "HOME": "/nowhere"})

    cache.put("en.phrases", MADE)

    assert len(list((tmp_path / "own").iterdir())) == 1


class Counting:
    """A cache that remembers what it was asked."""

    def __init__(self, cache):
        self.cache, self.taken, self.made = cache, 0, []

    def get(self, name):
        found = self.cache.get(name)
        self.taken += found is not None
        return found

    def put(self, name, made):
        self.made.append(name)
        self.cache.put(name, made)


def _read(text, words):
    now = datetime(2026, 11, 23, 15, tzinfo=UTC)
    return understand(
        text, language="en", now=now, zone=UTC, snooze=timedelta(hours=1), quiet=None, words=words
    )
