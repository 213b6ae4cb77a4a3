"""The discipline of the project folders."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECTS = sorted(p.parent for p in (ROOT / 'projects').glob('*/README.md'))
CONFIGS = sorted(ROOT.glob('projects/*/configs/*.py'))
READMES = [ROOT / 'projects' / 'README.md', *(p / 'README.md' for p in PROJECTS)]
SECTIONS = ['Models', 'Setup', 'Data', 'Train', 'Test', 'Results', 'Citation']


@pytest.mark.parametrize('project', PROJECTS, ids=lambda p: p.name)
def test_a_project_has_what_the_pattern_shows(project: Path) -> None:
    readme = (project / 'README.md').read_text(encoding='utf-8')
    assert re.findall('^## (.*)', readme, re.MULTILINE) == SECTIONS
    for config in project.glob('configs/*.py'):
        assert f'(configs/{config.name})' in readme  # in the table of models
    assert list(project.glob('configs/*.py')) and list(project.glob('tests/test_*.py'))
    assert not list(project.rglob('__init__.py'))  # several folders, one namespace


def test_the_page_lists_the_projects_that_there_are() -> None:
    page = READMES[0].read_text(encoding='utf-8')
    listed = re.findall(r'^\| \[`\w+`\]\((\w+)\)', page, re.MULTILINE)
    assert listed == [project.name for project in PROJECTS]


@pytest.mark.parametrize('path', READMES, ids=lambda p: p.parent.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r'\]\(([^)#]+)', path.read_text(encoding='utf-8'))
    missing = [link for link in links if not (path.parent / link).exists()]
    assert len(links) > 3 and not missing


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.stem)
def test_a_config_is_short_and_imports_its_own_project(path: Path) -> None:
    text = path.read_text(encoding='utf-8')
    assert len(text.splitlines()) <= 30
    project = path.parents[1].name
    modules = re.findall(r"'(projects\.[\w.]+)'", text)
    assert modules and all(m.startswith(f'projects.{project}.') for m in modules)


def test_no_file_of_the_package_imports_from_projects() -> None:
    for path in (ROOT / 'mmsmot').rglob('*.py'):
        if '.mim' in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or '']
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            assert not any(name.split('.')[0] == 'projects' for name in names), path
