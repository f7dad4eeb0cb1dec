"""The `bema` command: its groups, and how an error becomes one line and an exit code."""

import sys

import typer
from rich.markup import escape

from bema_py.cli import (
    audit,
    content,
    content_archive,
    data,
    demo,
    deploy,
    experiment,
    explain,
    export,
    history,
    import_bundle,
    index,
    keys,
    miner,
    model,
    money,
    node,
    op,
    party,
    predict,
    prove,
    status,
    up,
    votes,
    witness,
)
from bema_py.cli.output import errors
from bema_py.core.errors import BemaError

EPILOG = (
    "Exit codes: 0 done; 1 an audit found something false; 2 bad input; 3 chain unreachable or not the expected one; "
    "4 the contract refused; 5 content missing; 6 content malformed or not matching its identifier; "
    "7 refused by policy; 130 interrupted."
)
INTERRUPTED = 130

app = typer.Typer(
    name="bema",
    help="Secure multiparty learning with unlike models, anchored on Ethereum and checkable bit for bit.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("deploy")(deploy.deploy)
app.command("audit")(audit.audit)
app.command("export")(export.export)
app.command("import")(import_bundle.import_bundle)
app.command("predict")(predict.predict)
app.command("status")(status.status)
app.command("index")(index.index)
app.command("node")(node.node)
app.command("up")(up.up)
app.command("down")(up.down)
app.command("fund")(money.fund)
party.app.command("claim")(money.claim)
party.app.command("withdraw")(money.withdraw)
miner.app.command("bonds")(money.bonds)
op.app.command("reject")(votes.reject)
op.app.command("suspend")(votes.suspend)
op.app.command("send")(votes.send)
op.app.command("references")(witness.references)
op.app.command("witness")(witness.witness)
op.app.command("failures")(witness.failures)
op.app.command("suspend-failing")(witness.suspend_failing_party)
app.add_typer(party.app, name="party", help="Train, register, submit calibration samples, claim rewards.")
app.add_typer(
    op.app,
    name="op",
    help="Act as an original party: approve newcomers, reject false blocks, suspend parties.",
)
app.add_typer(miner.app, name="miner", help="Build blocks, take bonds back.")
app.add_typer(explain.app, name="explain", help="Tell what became of a block, a sample, a party, an account.")
app.add_typer(history.app, name="history", help="Show the lineage of a party's model.")
app.add_typer(prove.app, name="prove", help="Prove that a sample is in a block.")
content.app.command("export")(content_archive.export)
content.app.command("import")(content_archive.import_archive)
app.add_typer(content.app, name="content", help="Get, store and pin content by its identifier.")
app.add_typer(data.app, name="data", help="Show a data set of one's own.")
app.add_typer(model.app, name="model", help="Show a model, export it to PyTorch.")
app.add_typer(experiment.app, name="experiment", help="Reproduce the paper's figures and tables, and ours.")
app.add_typer(keys.app, name="keys", help="Make encrypted keystore files.")


def run() -> None:
    """Run the command line; users' mistakes never end in a traceback."""
    try:
        app()
    except BemaError as error:
        # Square brackets in a message are lists, not markup.
        errors.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            errors.print("interrupted; nothing is lost, the same command goes on where it stopped")
        raise
