"""Says what is needed to run this Python inside of another process: its library, its home, and where
its packages and these scripts are."""

import os
import pathlib
import sys
import sysconfig

library = sysconfig.get_config_var("INSTSONAME") or sysconfig.get_config_var("LDLIBRARY")
print(os.path.join(sysconfig.get_config_var("LIBDIR"), library))
print(sys.base_prefix)
print(f"{sysconfig.get_paths()['purelib']}:{pathlib.Path(__file__).parent}")
