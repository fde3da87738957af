# Shows what there is to run.
default:
    @just --list

# Serves the data in ./chatforge-data.
run *arguments:
    cargo run -- serve {{ arguments }}

# Shows ChatForge with a ready agent, in a temporary folder.
demo:
    cargo run -- serve --demo

# Everything that has to pass before a change is merged.
test:
    ./scripts/test

# What the compiler and clippy say, without running anything.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    npm run check

# Builds widget/dist from widget/src.
widget:
    npm ci
    npm run build

fmt:
    cargo fmt --all
