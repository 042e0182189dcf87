using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Shows where a tag was, and moves it back.</summary>
internal static class TagCommands
{
    public static BerthCommand History()
    {
        var package = Arguments.Package();
        var tag = Arguments.Text("TAG", "The tag");
        var type = Arguments.Type();
        return BerthCommand.Of(
            "history",
            "Show where a tag was: when it moved, who moved it, from which version to which.",
            ["berth package history acme/app latest"],
            [package, tag, type],
            async call => call.PrintList(
                await call.Client.TagHistoryAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), call.Get(tag), call.CancellationToken),
                "There never was such a tag.",
                ("AT", move => $"{move.At:yyyy-MM-dd HH:mm:ss}"),
                ("BY", move => move.Actor),
                ("FROM", move => move.From),
                ("TO", move => To(move))));
    }

    public static BerthCommand Tag()
    {
        var package = Arguments.Package();
        var tag = Arguments.Text("TAG", "The tag, which may be new");
        var version = Arguments.Text("VERSION", "The version's id, digest or another tag");
        var type = Arguments.Type();
        var reason = RemovalCommands.Override();
        return BerthCommand.Of(
            "tag",
            "Put a tag on a version that is there: back to an earlier one, or a new tag without a push.",
            [
                "berth package tag acme/app latest 2.4", "berth package tag acme/app stable 42",
                "berth package tag acme/app v1.0 sha256:… --override 'rebuilt with the right licence'",
            ],
            [package, tag, version, type, reason],
            async call =>
            {
                var reference = Arguments.Reference(call.Get(package), call.Get(type));
                var wanted = call.Get(version);

                // A digest is sent unchanged, because the server's answer says more about a deleted one.
                var digest = wanted.Contains(':', StringComparison.Ordinal)
                    ? wanted
                    : (await call.Client.VersionAsync(
                        reference, await VersionCommands.FindAsync(call, reference, wanted, deleted: false), call.CancellationToken)).Name;
                var moved = await call.Client.MoveTagAsync(reference, call.Get(tag), digest, call.Get(reason), call.CancellationToken);
                call.Print(moved, (writer, answer) => writer.WriteLine($"{call.Get(tag)} is on {answer.Name}"));
            });
    }

    public static BerthCommand Untag()
    {
        var package = Arguments.Package();
        var tag = Arguments.Text("TAG", "The tag");
        var type = Arguments.Type();
        var reason = RemovalCommands.Override();
        return BerthCommand.Of(
            "untag",
            "Take a tag away. The version stays, and can still be pulled by its digest.",
            ["berth package untag acme/app nightly"],
            [package, tag, type, reason],
            async call =>
            {
                await call.Client.RemoveTagAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), call.Get(tag), call.Get(reason), call.CancellationToken);
                call.WriteDone($"{call.Get(package)} has no tag {call.Get(tag)} any more.");
            });
    }

    private static string To(TagMove move) =>
        move.To is null ? "(deleted)" : move.State is "live" or null ? move.To : $"{move.To} ({move.State})";
}
