namespace Berth.Server.Settings;

/// <summary>A fault of the installation that ends the start with one message and no stack trace.</summary>
#pragma warning disable CA1032, RCS1194 // Without a message for the operator it means nothing.
internal sealed class StartupException(string message) : Exception(message);
#pragma warning restore CA1032, RCS1194
