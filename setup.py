"""Build mmsmot; the metadata stands here, tool settings in pyproject.toml."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
# What MIM and MMEngine look for inside the package.
MIM_CONTENT = ('configs', 'projects', 'tools', 'model-index.yml')


class BuildWithConfigs(build_py):
    """Put configs, projects and tools into ``mmsmot/.mim``, as OpenMMLab's packages do.

    A wheel gets copies. An editable install gets links, so that an edited config counts.
    """

    def run(self) -> None:
        super().run()
        editable = self.editable_mode
        home = (ROOT if editable else Path(self.build_lib)) / 'mmsmot' / '.mim'
        if not editable and home.exists():
            shutil.rmtree(home)
        home.mkdir(parents=True, exist_ok=True)
        for name in MIM_CONTENT:
            target = home / name
            if editable:
                if not target.is_symlink():
                    target.symlink_to(Path('..') / '..' / name)
            elif (ROOT / name).is_dir():
                ignore = shutil.ignore_patterns('__pycache__', '*.pyc', 'tests')
                shutil.copytree(ROOT / name, target, ignore=ignore)
            else:
                shutil.copy2(ROOT / name, target)


def version() -> str:
    text = (ROOT / 'mmsmot' / 'version.py').read_text()
    return re.search(r"__version__ = '(.+)'", text)[1]


# What we reach into beyond its documented interface ends before its next version that
# may break it; a bound is raised when the tests pass there.
MMENGINE = 'onedl-mmengine>=0.10.12,<0.11'  # no torch comes along
TORCH = 'torch>=2.4'  # mmcv and mmdet ask for as much
NETWORKS = [TORCH, 'safetensors>=0.4']  # weights, and features that are cached
ONEDL = [
    MMENGINE,
    'onedl-mmcv>=2.3.6,<2.4',
    'onedl-mmdetection>=3.5.1,<3.6',
]
ONNX = ['onnxruntime>=1.19']  # the first for numpy 2
LAP = ['lap>=0.5.12']  # mmdet's ByteTracker and OCSORTTracker
ROBOFLOW = [
    'trackers>=2.6,<3'
]  # brings the other build of OpenCV along, as trackeval does
SEMANTICS = ['tokenizers>=0.20', 'transformers>=5,<6']
CAPTIONS = ['pycocoevalcap>=1.2', 'nltk>=3.8']
SWEEP = ['optuna>=4', 'ray>=2.40']  # searches, and several machines
TENSORBOARD = ['tensorboard>=2.14']  # of MMEngine's TensorboardVisBackend
TEST = [
    'hypothesis>=6.100',
    'mypy>=2,<3',
    'pytest>=8',
    'ruff>=0.6',
    'scikit-learn>=1.3',
    'setuptools>=68',
    *ROBOFLOW,
    'wheel',
]

setup(
    name='mmsmot',
    version=version(),
    description='Semantic multi-object tracking on OpenMMLab: where people go, what they do',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=['mmsmot', 'mmsmot.*']),
    package_data={
        'mmsmot': [
            'datasets/vocabularies/*',
            'py.typed',
            'evaluation/java/*',
            'models/post_processing/*.safetensors',
            'visualization/report/*',
            'weights/*.safetensors',
        ]
    },
    cmdclass={'build_py': BuildWithConfigs},
    install_requires=[
        'av>=12',
        'defusedxml>=0.7',
        'filelock>=3.24',  # follows no link, and locks no file that was removed meanwhile
        'matplotlib>=3.10.5',
        MMENGINE,
        'numpy>=2.2.6',
        # OpenMMLab is not tested on 5. trackeval and mmcv bring the other build along.
        'opencv-python-headless>=4.11.0.86,<5',
        'opencv-python>=4.11.0.86,<5',
        'pillow>=11.3',
        'pyyaml>=6',
        'rich>=13',
        'scipy>=1.15.3',
        # The floors of matplotlib, numpy, pillow and scipy are trackeval's on Python 3.10.
        'trackeval>=1.3,<1.4',
    ],
    extras_require={
        'onedl': [*NETWORKS, *ONEDL],
        'mmdet-trackers': [*NETWORKS, *ONEDL, *LAP],
        'roboflow': [*NETWORKS, *ROBOFLOW],
        'semantics': [*NETWORKS, *ONEDL, *SEMANTICS],
        'onnx': ONNX,
        'captions': CAPTIONS,
        'sweep': [*NETWORKS, *ONEDL, *SWEEP],
        'tensorboard': TENSORBOARD,
        'test': TEST,
        'all': [
            *NETWORKS,
            *ONEDL,
            *LAP,
            *ROBOFLOW,
            *ONNX,
            *CAPTIONS,
            *SEMANTICS,
            *SWEEP,
            *TENSORBOARD,
            *TEST,
        ],
    },
    zip_safe=False,
)
