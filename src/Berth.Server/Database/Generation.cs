using System.Runtime.InteropServices;

namespace Berth.Server.Database;

/// <summary>
/// Numbers a state of the database that includes every write acknowledged when it was asked for. A request asks once, when it arrives. What
/// it then reads may be older than later commits, but never older than the request.
/// </summary>
/// <param name="All">Changes with every write. Null when nothing may be cached now.</param>
/// <param name="OfAccess">Changes with writes that touch access. Where other processes write too, it changes with every write.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Generation(long? All, long? OfAccess);
