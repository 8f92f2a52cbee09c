"""From the tiers' raw files to the published warehouse: intake, build, publishing and the verdict."""
