#include "arrow_data.h"
