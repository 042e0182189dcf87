using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary><c>berth codespace settings</c>: the machine and the editor that a person's codespaces get by default.</summary>
internal static class CodespaceSettingsCommands
{
    /// <summary>Removes a default.</summary>
    private const string None = "none";

    public static BerthCommand Build() => BerthCommand.Group(
        "settings",
        "Your settings of codespaces: the editor that they open in, and the machine that new ones get.",
        ["berth codespace settings set --editor jetbrains --machine standardLinux32gb", "berth codespace settings show"],
        Show(),
        Set());

    private static BerthCommand Show() => BerthCommand.Of(
        "show",
        "Show your settings.",
        ["berth codespace settings show"],
        [],
        async call => call.Print(await call.Client.CodespaceSettingsAsync(call.CancellationToken), Details));

    private static BerthCommand Set()
    {
        var editor = Arguments.OneOf("--editor", "What berth codespace open opens", [.. CodespaceEditors.All, None]);
        var machine = Arguments.Option(
            "--machine", "The machine of codespaces that are created with none, as GET /repos/OWNER/NAME/codespaces/machines lists them; "
                + "none: the smallest");
        return BerthCommand.Of(
            "set",
            "Change your settings. What is not named stays as it is.",
            ["berth codespace settings set --editor jetbrains", "berth codespace settings set --machine none"],
            [editor, machine],
            async call => call.Print(
                await call.Client.ChangeCodespaceSettingsAsync(
                    new CodespaceSettingsChange
                    {
                        DefaultEditor = Text(call.Get(editor)),
                        DefaultMachine = Text(call.Get(machine)),
                    },
                    call.CancellationToken),
                Details));
    }

    private static OptionalText Text(string? given) => given == None ? OptionalText.Null : given;

    private static void Details(TextWriter writer, CodespaceSettings settings) => CommandCall.Details(
        writer,
        ("Editor", settings.DefaultEditor ?? CodespaceEditors.Code),
        ("Machine", settings.DefaultMachine ?? "the smallest"));
}
